import assert from "node:assert/strict";
import { test } from "node:test";
import { broken, formatLimits, parseLimits } from "../../static/js/core/limits.js";

test("thresholds are read and written", () => {
  const found = parseLimits(">30, <5.5;>-1e3 <.5");
  assert.equal(formatLimits(found), ">30,<5.5,>-1000,<0.5");
  assert.deepEqual(parseLimits(formatLimits(found)), found);
});

test("what is no threshold is left out", () => {
  for (const text of ["", null, "30", ">", ">x", ">>3", ">1e999x"]) assert.deepEqual(parseLimits(text), []);
});

test("a value on the line is no breach", () => {
  const limits = parseLimits(">30,<5");
  assert.deepEqual([30, 30.1, 5, 4, "warm", true].map((value) => broken(limits, value).length), [0, 1, 0, 1, 0, 0]);
});
