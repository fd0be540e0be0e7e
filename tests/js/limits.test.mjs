import assert from "node:assert/strict";
import { test } from "node:test";
import { breachText, broken, formatLimits, limitsFrom, parseLimits, thresholdsOf } from "../../static/js/core/limits.js";

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

test("what the API says is read and written", () => {
  const said = [{ below: 5 }, { above: 30.5 }];
  assert.equal(formatLimits(limitsFrom(said)), "<5,>30.5");
  assert.deepEqual(thresholdsOf(limitsFrom(said)), said);
  assert.deepEqual(limitsFrom(undefined), []);
});

test("a breach is told in words, in the unit of the page", () => {
  const limits = limitsFrom([{ above: 30 }, { above: 50 }, { below: 5 }]);
  assert.equal(breachText(limits, 31), "above 30");
  assert.equal(breachText(limits, 51, "°C"), "above 30 °C, above 50 °C");
  assert.equal(breachText(limits, 4, "°F", (value) => value * 1.8 + 32), "below 41 °F");
  assert.equal(breachText(limits, 30), null);
  assert.equal(breachText(limits, "warm"), null);
});
