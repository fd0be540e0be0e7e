import assert from "node:assert/strict";
import { test } from "node:test";
import { Columns } from "../../static/js/core/columns.js";
import { HUGE, joined, nearest, panels, toggled, union } from "../../static/js/core/lines.js";

function stretch(...rows) {
  const columns = new Columns();
  for (const row of rows) columns.put(...row);
  return { columns };
}
const line = (metric, unit) => ({ key: metric, series: { metric, unit } });

test("several lines share one time axis, and what one has not is no gap", () => {
  const found = joined([stretch([1, 10], [3, 30]), stretch([2, 5, 4, 6], [3, 7])]);
  assert.deepEqual(found.map((column) => Array.from(column)), [
    [1, 2, 3],
    [10, undefined, 30],
    [10, undefined, 30],
    [10, undefined, 30],
    [undefined, 5, 7],
    [undefined, 4, 7],
    [undefined, 6, 7],
  ]);
});

test("what no axis can hold is drawn at the edge of what one can, and the rest is as it was", () => {
  const [huge, other] = [stretch([1, 1.7e308], [2, -1.7e308], [3, 5]), stretch([4, 1.7e308])];
  assert.deepEqual(Array.from(joined([huge])[1]), [HUGE, -HUGE, 5]);
  assert.deepEqual(Array.from(huge.columns.v), [1.7e308, -1.7e308, 5]);
  assert.equal(joined([huge, other])[4][3], HUGE);
  assert.ok(Number.isFinite(2.5 * HUGE));
});

test("one line, or several of the same times, are not copied", () => {
  const [one, two] = [stretch([1, 10]), stretch([1, 20])];
  assert.equal(joined([one])[1].buffer, one.columns.v.buffer);
  const found = joined([one, two]);
  assert.deepEqual([found.length, found[4][0]], [7, 20]);
  assert.equal(found[4].buffer, two.columns.v.buffer);
});

test("the union of times has each once", () => {
  assert.deepEqual(Array.from(union([Float64Array.of(1, 5), Float64Array.of(1, 2, 5, 9), []])), [1, 2, 5, 9]);
});

test("the nearest row is the earlier of two as near", () => {
  const times = Float64Array.of(10, 20, 40);
  assert.deepEqual([0, 15, 16, 30, 99].map((t) => nearest(times, t)), [0, 0, 1, 1, 2]);
  assert.equal(nearest([], 5), null);
});

test("two units have two axes; a third is another chart", () => {
  const found = panels([line("t", "°C"), line("h", "%"), line("r", "°C"), line("p", "hPa"), line("q", "%")]);
  assert.deepEqual(
    found.map(({ lines, axes }) => [lines.map(({ key }) => key), axes.map(({ label }) => label)]),
    [
      [["t", "h", "r", "q"], ["°C", "%"]],
      [["p"], ["hPa"]],
    ],
  );
});

test("what has no unit is not mixed with another metric, and is with the same of another device", () => {
  const found = panels([line("t", null), line("h", null), line("t", null)]);
  assert.deepEqual(found[0].axes.map(({ label }) => label), ["t", "h"]);
  assert.equal(found.length, 1);
});

test("a click hides and shows; alone leaves one, and once more all", () => {
  const keys = ["a", "b", "c"];
  const one = toggled(new Set(), "b", keys);
  assert.deepEqual([...one], ["b"]);
  assert.deepEqual([...toggled(one, "b", keys)], []);
  const alone = toggled(new Set(), "b", keys, true);
  assert.deepEqual([...alone], ["a", "c"]);
  assert.deepEqual([...toggled(alone, "b", keys, true)], []);
  assert.deepEqual([...toggled(alone, "a", keys, true)], ["b", "c"]);
});
