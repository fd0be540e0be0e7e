import assert from "node:assert/strict";
import { test } from "node:test";
import { padded, ticks } from "../../static/js/core/ticks.js";

test("ticks are round, inside, evenly apart and about as many as wanted", () => {
  assert.deepEqual(ticks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks(-3, 12, 3), [0, 5, 10]);
  for (let i = 1; i < 400; i += 1) {
    const min = Math.sin(i) * 10 ** (i % 7);
    const max = min + Math.abs(Math.cos(i)) * 10 ** (i % 5) + 1e-6;
    const found = ticks(min, max, 5);
    assert.ok(found.length <= 6, `${min} ${max} ${found}`);
    assert.ok(found.every((one) => one >= min - 1e-6 * Math.abs(min) - 1e-9 && one <= max + 1e-6 * Math.abs(max) + 1e-9));
  }
  assert.deepEqual(ticks(4, 4, 5), [4]);
});

test("there is room around the values, also around a single one", () => {
  assert.deepEqual(padded(0, 100, 0.1), [-10, 110]);
  assert.deepEqual([padded(0, 0), padded(20, 20)], [[-1, 1], [19, 21]]);
});
