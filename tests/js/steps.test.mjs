import assert from "node:assert/strict";
import { test } from "node:test";
import { Series } from "../../static/js/core/series.js";
import { stepped, toldAt } from "../../static/js/core/steps.js";

const TIMES = [10, 20, 30, 40];

test("keys go from point to point and stop at the ends", () => {
  assert.equal(stepped("ArrowRight", TIMES, 20), 30);
  assert.equal(stepped("ArrowLeft", TIMES, 21), 10);
  assert.equal(stepped("ArrowLeft", TIMES, 10), 10);
  assert.deepEqual([stepped("Home", TIMES, 30), stepped("End", TIMES, 10), stepped("PageUp", TIMES, 40)], [10, 40, 10]);
});

test("the first step is to the end that it comes from", () => {
  const found = ["ArrowRight", "ArrowLeft", "Home", "End"].map((key) => stepped(key, TIMES, null));
  assert.deepEqual(found, [10, 40, 10, 40]);
});

test("another key, or nothing to go through, is no step", () => {
  assert.deepEqual([stepped("Enter", TIMES, 10), stepped("toString", TIMES, 10), stepped("End", [], null)], [null, null, null]);
});

test("a step tells what the lines have there, and nothing of those that have nothing", () => {
  const [t, on] = [new Series("d/t", "d", "t"), new Series("d/on", "d", "on")];
  Object.assign(t, { unit: "°C" });
  t.push(1_000, 20.5);
  on.push(1_000, true);
  on.push(2_000, false);
  const lines = [t, on].map((series) => ({ series, stretch: series.main }));
  assert.match(toldAt(lines, 1_000, 5_000), /: t 20\.5 °C, on on$/);
  assert.match(toldAt(lines, 2_000, 5_000), /: on off$/);
});
