import assert from "node:assert/strict";
import { test } from "node:test";
import { CAP, POINTS, Series } from "../../static/js/core/series.js";
import { RANGES, View, stretchOf, wanted } from "../../static/js/core/view.js";

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;

function loaded(resolution, range = HOUR) {
  const series = new Series("a/b", "a", "b");
  const answer = resolution
    ? { resolution, t: [NOW - range], min: [1], max: [1], avg: [1], count: [10] }
    : { resolution: "raw", t: [NOW - range], v: [1] };
  series.load(series.begin(), answer, NOW - range, range);
  return series;
}

test("the live span ends now and moves on; a zoom stays", () => {
  const view = new View();
  assert.deepEqual(view.span(NOW), { from: NOW - HOUR, to: NOW });
  view.zoomTo(NOW - 5000, NOW - 1000);
  assert.deepEqual([view.live, view.span(NOW + HOUR)], [false, { from: NOW - 5000, to: NOW - 1000 }]);
  view.reset();
  assert.ok(view.live);
});

test("a zoom is never shorter than a second", () => {
  const view = new View();
  view.zoomTo(NOW, NOW + 2);
  assert.equal(view.zoom.to - view.zoom.from, 1_000);
});

test("choosing a range goes back to live", () => {
  const view = new View();
  view.zoomTo(1, 5000);
  view.show(300_000);
  assert.deepEqual([view.live, view.range], [true, 300_000]);
});

test("a series that is not loaded wants its range, and readings ahead of the clock too", () => {
  const want = wanted(new Series("a/b", "a", "b"), new View(), NOW);
  assert.deepEqual([want.main, want.from, want.points], [true, NOW - HOUR, POINTS]);
  assert.ok(want.to > NOW + 300_000);
});

test("raw rows serve every shorter range and zoom without a fetch", () => {
  const view = new View();
  const series = loaded(0);
  assert.equal(wanted(series, view, NOW), null);
  view.show(300_000);
  assert.equal(wanted(series, view, NOW), null);
  view.zoomTo(NOW - 60_000, NOW);
  assert.equal(wanted(series, view, NOW), null);
  assert.equal(stretchOf(series, view), series.main);
});

test("a longer range, or one that the buckets are too wide for, is fetched", () => {
  const view = new View();
  view.show(6 * HOUR);
  assert.ok(wanted(loaded(0), view, NOW).main);
  view.show(300_000);
  assert.ok(wanted(loaded(60_000, 24 * HOUR), view, NOW).main);
});

test("a zoom into wide buckets gets a stretch of its own, once", () => {
  const view = new View();
  view.show(24 * HOUR);
  const series = loaded(60_000, 24 * HOUR);
  view.zoomTo(NOW - 600_000, NOW);
  const want = wanted(series, view, NOW);
  assert.deepEqual([want.main, want.from, want.to], [false, NOW - 600_000, NOW]);
  series.zoom(series.begin(), { resolution: "raw", t: [NOW - 5], v: [1] }, want.from, want.to);
  assert.equal(wanted(series, view, NOW), null);
  assert.equal(stretchOf(series, view), series.detail);
});

test("an hour of one reading a second is loaded as it is, with room for more", () => {
  assert.ok(POINTS > 3600 && CAP > POINTS);
  assert.deepEqual(
    RANGES.map(([name]) => name),
    ["5 m", "15 m", "1 h", "6 h", "24 h"],
  );
});
