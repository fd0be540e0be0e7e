import assert from "node:assert/strict";
import { test } from "node:test";
import { CAP, POINTS, Series } from "../../static/js/core/series.js";
import { LONGEST, RANGES, View, stretchOf, wanted } from "../../static/js/core/view.js";

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

function fetched(series, want, resolution = "raw") {
  const answer = resolution === "raw" ? { resolution, t: [NOW - 5], v: [1] } : { resolution, t: [], min: [], max: [], avg: [] };
  series.zoom(series.begin(), answer, want.from, want.to, want.asked);
}

test("the live span ends now and moves on; a zoom stays", () => {
  const view = new View();
  assert.deepEqual(view.span(NOW), { from: NOW - HOUR, to: NOW });
  view.zoomTo(NOW - 5000, NOW - 1000);
  assert.deepEqual([view.live, view.mode, view.span(NOW + HOUR)], [false, "history", { from: NOW - 5000, to: NOW - 1000 }]);
  view.reset();
  assert.ok(view.live);
});

test("paused stands still where it was, and goes on from there to live", () => {
  const view = new View();
  view.hold(NOW);
  assert.deepEqual([view.mode, view.span(NOW + HOUR)], ["paused", { from: NOW - HOUR, to: NOW }]);
  view.reset();
  assert.deepEqual([view.mode, view.span(NOW + HOUR)], ["live", { from: NOW, to: NOW + HOUR }]);
  view.zoomTo(1, 5000);
  view.hold(NOW);
  assert.equal(view.mode, "history", "what is past stands still by itself");
});

test("a zoom is never shorter than a second or longer than twenty years", () => {
  const view = new View();
  view.zoomTo(NOW, NOW + 2);
  assert.equal(view.zoom.to - view.zoom.from, 1_000);
  view.scale(1e12, NOW);
  assert.ok(view.zoom.to - view.zoom.from <= LONGEST + 2);
});

test("moving and zooming leave live and never show the future", () => {
  const view = new View();
  view.shift(HOUR, NOW);
  assert.deepEqual([view.mode, view.span(NOW).to], ["history", NOW]);
  view.shift(-HOUR, NOW);
  assert.deepEqual(view.span(NOW), { from: NOW - 2 * HOUR, to: NOW - HOUR });
  view.reset();
  view.scale(2, NOW);
  assert.deepEqual(view.span(NOW), { from: NOW - 2 * HOUR, to: NOW });
});

test("zooming around a point leaves it where it is", () => {
  const view = new View();
  view.zoomTo(NOW - 10 * HOUR, NOW - 5 * HOUR);
  const at = NOW - 9 * HOUR;
  view.scale(0.5, NOW, at);
  const { from, to } = view.zoom;
  assert.ok(Math.abs((at - from) / (to - from) - 0.2) < 1e-6);
  assert.equal(to - from, 2.5 * HOUR);
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

test("a zoom into wide buckets gets a stretch of its own, once, with room to move", () => {
  const view = new View();
  view.show(24 * HOUR);
  const series = loaded(60_000, 24 * HOUR);
  view.zoomTo(NOW - 600_000, NOW);
  const want = wanted(series, view, NOW);
  assert.deepEqual([want.main, want.from, want.to], [false, NOW - 900_000, NOW + 300_000]);
  fetched(series, want);
  assert.equal(wanted(series, view, NOW), null);
  assert.equal(stretchOf(series, view), series.detail);
  view.shift(-200_000, NOW);
  assert.equal(wanted(series, view, NOW), null, "a small move needs nothing new");
  view.shift(-HOUR, NOW);
  assert.ok(wanted(series, view, NOW));
});

test("a stretch that is too coarse for what it was fetched for is not fetched for ever", () => {
  const view = new View();
  const series = loaded(60_000, 24 * HOUR);
  view.show(24 * HOUR);
  view.zoomTo(NOW - 600_000, NOW);
  fetched(series, wanted(series, view, NOW), 60_000);
  assert.equal(wanted(series, view, NOW), null);
});

test("what was paused is fetched again when live readings have pushed it out", () => {
  const view = new View();
  const series = loaded(0);
  view.hold(NOW);
  assert.equal(wanted(series, view, NOW + 60_000), null);
  series.push(NOW + 60_000, 2);
  series.trim(NOW - HOUR + 60_000);
  const want = wanted(series, view, NOW + 60_000);
  assert.ok(!want.main && want.from <= NOW - HOUR && want.to >= NOW);
});

test("an hour of one reading a second is loaded as it is, with room for more", () => {
  assert.ok(POINTS > 3600 && CAP > POINTS);
  assert.deepEqual(
    RANGES.map(([name]) => name),
    ["5 m", "15 m", "1 h", "6 h", "24 h", "7 d", "30 d"],
  );
});
