import assert from "node:assert/strict";
import { test } from "node:test";
import { changes } from "../../static/js/core/changes.js";
import {
  decimalsOf,
  formatAge,
  formatMoment,
  formatNumber,
  formatSpan,
  formatStale,
  formatTime,
  formatValue,
} from "../../static/js/core/format.js";

const plain = (text) => text.replace(/[^\d.,e+-]/g, "").replace(",", ".");
const noon = new Date(2026, 5, 1, 12, 3, 7, 250).getTime();

test("digits follow the magnitude", () => {
  const cases = [
    [0, "0"],
    [21.456, "21.46"],
    [123.456, "123.5"],
    [0.012345, "0.0123"],
    [-7.5, "-7.5"],
  ];
  for (const [value, text] of cases) assert.equal(plain(formatNumber(value)), text);
});

test("huge and tiny numbers are written with an exponent", () => {
  assert.equal(formatNumber(1.7976931348623157e308), "1.80e+308");
  assert.equal(formatNumber(5e-324), "4.94e-324");
});

test("a number that had decimals keeps them, so that it does not twitch", () => {
  assert.equal(plain(formatNumber(21, 2)), "21.00");
  assert.equal(plain(formatNumber(121, 5)), "121.0");
  assert.deepEqual([decimalsOf(21.25), decimalsOf(21), decimalsOf(1e-7), decimalsOf(0.025)], [2, 0, 7, 3]);
});

test("booleans are on and off, texts stand as they are", () => {
  assert.deepEqual(
    [true, false, "<b>"].map((value) => formatValue(value)),
    ["on", "off", "<b>"],
  );
});

test("times are in 24 hours of local time, with the date on another day", () => {
  assert.equal(formatTime(noon), "12:03:07");
  assert.equal(formatTime(noon, { seconds: false }), "12:03");
  assert.equal(formatTime(noon, { milliseconds: true }), "12:03:07.250");
  assert.equal(formatMoment(noon, noon + 1000), "12:03:07");
  assert.equal(formatMoment(noon, noon + 86_400_000), "Jun 1, 2026, 12:03:07");
});

test("ages are short", () => {
  assert.deepEqual([0, 999, 1000, 59_999].map(formatAge), ["now", "now", "1 s ago", "59 s ago"]);
  assert.deepEqual([60_000, 7_200_000, 200_000_000, -5].map(formatSpan), ["1 min", "2 h", "2 d", "0 s"]);
});

test("stale says how long, and after a minute since when", () => {
  assert.equal(formatStale(noon, noon + 42_000), "stale, 42 s ago");
  assert.equal(formatStale(noon, noon + 60_000), "stale since 12:03:07");
});

test("changes leave repeats out, newest first", () => {
  const all = changes([1, 2, 3, 4, 5], ["a", "a", "b", "b", "a"]);
  assert.deepEqual(all, [
    [5, "a"],
    [3, "b"],
    [1, "a"],
  ]);
  assert.deepEqual(changes([1, 2, 3], ["a", "b", "c"], { most: 1 }), [[3, "c"]]);
  assert.deepEqual(changes([], []), []);
});

test("changes of a span begin with what held before it", () => {
  const times = [1, 2, 3, 4, 5];
  const texts = ["a", "b", "b", "c", "d"];
  const between = (from, to, edge) => changes(times, texts, { from, to, edge });
  assert.deepEqual(between(3, 4), [
    [4, "c"],
    [null, "b"],
  ]);
  assert.deepEqual(between(6, 9), [[null, "d"]]);
  assert.deepEqual(between(-5, 0), []);
  assert.deepEqual(between(0, 1, 5), [[null, "a"]]);
  assert.deepEqual(between(-9, 1, 5), [[1, "a"]]);
});
