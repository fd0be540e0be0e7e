import assert from "node:assert/strict";
import { test } from "node:test";
import { CAP, POINTS, Series } from "../../static/js/core/series.js";

const HOUR = 3_600_000;
const raw = (...rows) => ({ resolution: "raw", t: rows.map(([t]) => t), v: rows.map(([, v]) => v) });
const shown = (series) => Array.from(series.main.columns.t, (t, i) => [t, series.main.columns.v[i]]);

test("pushes while history is fetched stand on top of the answer, without a seam", () => {
  const series = new Series("boiler/t", "boiler", "t");
  const fetch = series.begin();
  series.push(30, 3);
  series.push(20, 22);
  series.load(fetch, raw([10, 1], [20, 2]), 0, HOUR);
  assert.deepEqual(shown(series), [
    [10, 1],
    [20, 22],
    [30, 3],
  ]);
  series.push(40, 4);
  assert.deepEqual(shown(series).at(-1), [40, 4]);
});

test("the newest value is the one with the greatest time, and the last of equals", () => {
  const series = new Series("boiler/t", "boiler", "t");
  series.push(20, 2);
  series.push(10, 1);
  assert.deepEqual(series.latest, { t: 20, v: 2 });
  series.push(20, 5);
  assert.deepEqual(series.latest, { t: 20, v: 5 });
});

test("what is no value is refused and leaves nothing", () => {
  const series = new Series("boiler/t", "boiler", "t");
  for (const value of [null, NaN, Infinity, {}, undefined]) assert.equal(series.push(1, value), false);
  assert.equal(series.latest, null);
});

test("decimals are learned from what was sent", () => {
  const series = new Series("boiler/t", "boiler", "t");
  series.push(30, 31);
  series.load(series.begin(), raw([10, 31.5], [20, 30]), 0, HOUR);
  assert.equal(series.decimals, 1);
  series.push(40, 31.25);
  assert.equal(series.decimals, 2);
});

test("booleans are held as 0 and 1 and shown as they are", () => {
  const series = new Series("boiler/on", "boiler", "on");
  series.push(1, true);
  series.push(2, false);
  assert.deepEqual(shown(series), [
    [1, 1],
    [2, 0],
  ]);
  assert.deepEqual([series.kind, series.latest.v], ["boolean", false]);
});

test("a series that turns to text starts its columns anew and wants its history", () => {
  const series = new Series("boiler/mode", "boiler", "mode");
  series.load(series.begin(), raw([1, 1]), 0, HOUR);
  series.push(2, "auto");
  assert.deepEqual(shown(series), [[2, "auto"]]);
  assert.equal(series.loaded, false);
  series.load(series.begin(), raw([1, "off"], [2, "auto"]), 0, HOUR);
  assert.deepEqual(shown(series), [
    [1, "off"],
    [2, "auto"],
  ]);
});

test("buckets keep lowest and highest, and tell the interval by their counts", () => {
  const series = new Series("boiler/t", "boiler", "t");
  const answer = { resolution: 60_000, t: [0, 60_000], min: [1, 2], max: [5, 6], avg: [3, 4], count: [30, 30] };
  series.load(series.begin(), answer, 0, HOUR);
  assert.deepEqual(
    series.main.columns.all.map((c) => Array.from(c)),
    [
      [0, 60_000],
      [3, 4],
      [1, 2],
      [5, 6],
    ],
  );
  assert.equal(series.main.interval, 2_000);
  for (const t of [62_000, 63_000, 64_000]) series.push(t, 1);
  assert.equal(series.main.interval, 1_000);
});

test("a changed span is replaced and a push during its fetch is kept", () => {
  const series = new Series("boiler/t", "boiler", "t");
  series.load(series.begin(), raw([10, 1], [20, 2], [30, 3]), 0, HOUR);
  const fetch = series.begin();
  series.push(25, 9);
  series.patch(fetch, raw([20, 7]), 15, 30);
  assert.deepEqual(shown(series), [
    [10, 1],
    [20, 7],
    [25, 9],
  ]);
});

test("a newest value that was taken back is corrected, unless a newer one came meanwhile", () => {
  const series = new Series("boiler/t", "boiler", "t");
  series.push(30, 3);
  series.correct(series.begin(), { t: 20, v: 2 });
  assert.deepEqual(series.latest, { t: 20, v: 2 });
  const fetch = series.begin();
  series.push(40, 4);
  series.correct(fetch, { t: 20, v: 2 });
  assert.deepEqual(series.latest, { t: 40, v: 4 });
  series.correct(series.begin(), null);
  assert.equal(series.latest, null);
});

test("the rows of a series are bounded, on screen or not", () => {
  const series = new Series("boiler/t", "boiler", "t");
  series.load(series.begin(), raw(), 0, HOUR);
  for (let t = 0; t < 5 * CAP; t += 1) {
    series.push(t, t);
    series.trim(-1);
    assert.ok(series.main.columns.length <= 2 * CAP);
  }
  assert.equal(series.loaded, false, "it wants to be fetched again");
  assert.ok(series.points < POINTS, "and coarser, so that there is room again");
});

test("rows older than what is shown are dropped", () => {
  const series = new Series("boiler/t", "boiler", "t");
  for (const t of [1, 2, 3]) series.push(t, t);
  series.trim(2);
  assert.deepEqual(shown(series), [
    [2, 2],
    [3, 3],
  ]);
});

test("a zoom has columns of its own, which live readings within it join", () => {
  const series = new Series("boiler/t", "boiler", "t");
  series.zoom(series.begin(), raw([10, 1]), 10, 20);
  series.push(15, 5);
  series.push(25, 6);
  assert.deepEqual(Array.from(series.detail.columns.t), [10, 15]);
});
