import assert from "node:assert/strict";
import { test } from "node:test";
import { stretches } from "../../static/js/core/strips.js";

const SECOND = 1_000;
const stretch = (t, v, more = {}) => ({ columns: { t, v }, interval: 10 * SECOND, resolution: 0, rawFrom: -Infinity, ...more });
const at = (...seconds) => seconds.map((one) => one * SECOND);

test("a state holds until the next reading, and equal ones are one stretch", () => {
  const found = stretches(stretch(at(0, 10, 20, 30), [0, 0, 1, 0]), 0, 60 * SECOND, 31 * SECOND);
  assert.deepEqual(found, [
    { from: 0, to: 20 * SECOND, value: 0 },
    { from: 20 * SECOND, to: 30 * SECOND, value: 1 },
    { from: 30 * SECOND, to: 31 * SECOND, value: 0 },
  ]);
});

test("no state is drawn over a gap, nor beyond the interval after the last reading", () => {
  const found = stretches(stretch(at(0, 10, 100, 110), ["a", "a", "a", "b"]), 0, 900 * SECOND, 800 * SECOND);
  assert.deepEqual(found, [
    { from: 0, to: 20 * SECOND, value: "a" },
    { from: 100 * SECOND, to: 110 * SECOND, value: "a" },
    { from: 110 * SECOND, to: 120 * SECOND, value: "b" },
  ]);
});

test("what began before the span is cut at its start; what is outside is not there", () => {
  const states = stretch(at(0, 10, 20, 30), ["a", "b", "c", "d"]);
  assert.deepEqual(stretches(states, 15 * SECOND, 25 * SECOND, 40 * SECOND), [
    { from: 15 * SECOND, to: 20 * SECOND, value: "b" },
    { from: 20 * SECOND, to: 25 * SECOND, value: "c" },
  ]);
  assert.deepEqual(stretches(states, 500 * SECOND, 600 * SECOND, 600 * SECOND), []);
  assert.deepEqual(stretches(stretch([], []), 0, 1, 1), []);
});

test("a single reading is a stretch though nothing is known of its interval", () => {
  const found = stretches(stretch(at(5), [1], { interval: null }), 0, 60 * SECOND, 50 * SECOND);
  assert.deepEqual(found, [{ from: 5 * SECOND, to: 5 * SECOND, value: 1 }]);
});
