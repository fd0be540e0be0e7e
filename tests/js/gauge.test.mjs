import assert from "node:assert/strict";
import { test } from "node:test";
import { arc, limitsOf, pointAt, share } from "../../static/js/core/gauge.js";

test("a value has its place between the limits, and never beyond them", () => {
  assert.equal(share(50, 0, 100), 0.5);
  assert.equal(share(-5, 0, 100), 0);
  assert.equal(share(500, 0, 100), 1);
  assert.equal(share(5, 7, 7), 0);
});

test("the arc begins at the lower left, is at the top in the middle, and ends at the lower right", () => {
  const [x0, y0] = pointAt(0, 10);
  const [x1, y1] = pointAt(1, 10);
  assert.ok(x0 < 0 && y0 > 0 && x1 > 0 && y1 > 0 && x0 === -x1 && y0 === y1);
  assert.deepEqual(
    pointAt(0.5, 10).map((one) => Math.round(one) + 0),
    [0, -10],
  );
  assert.match(arc(0, 1, 10), /A10 10 0 1 1 /);
  assert.match(arc(0, 0.5, 10), /A10 10 0 0 1 /);
});

test("limits that nobody gave are round and hold all that was seen", () => {
  assert.deepEqual(limitsOf({}, "%", [20, 71]), { min: 0, max: 100 });
  assert.deepEqual(limitsOf({}, "°C", [55, 68.4]), { min: 0, max: 80 });
  assert.deepEqual(limitsOf({}, null, [-3, 8]).min <= -3, true);
  assert.deepEqual(limitsOf({ min: 5, max: 9 }, null, [0, 100]), { min: 5, max: 9 });
  for (const seen of [[0], [0, 0], [-1e-7], [1e9, 3e9], [-5, -4], [0.1, 0.3], []]) {
    const { min, max } = limitsOf({ high: 2 }, null, seen);
    assert.ok(min < max && seen.every((one) => min <= one && one <= max), JSON.stringify([seen, min, max]));
    assert.ok(max >= 2, "a warning that is never reached on the gauge would be no warning");
  }
});
