import assert from "node:assert/strict";
import { test } from "node:test";
import { breaks, gapLimit, learn, staleAfter } from "../../static/js/core/interval.js";

const every = (step, n, start = 0) => Array.from({ length: n }, (_, i) => start + i * step);

test("the interval is the median, so an outage does not count", () => {
  assert.equal(learn([...every(1000, 20), ...every(1000, 20, 900_000)]), 1000);
  assert.equal(learn([5]), null);
});

test("a new interval is learned from the newest readings", () => {
  assert.equal(learn([...every(1000, 500), ...every(60_000, 70, 600_000)]), 60_000);
});

test("a missed reading breaks the line, jitter does not", () => {
  const times = [0, 10_000, 24_000, 34_000, 54_000];
  assert.deepEqual(breaks(times, 0, 4, { interval: 10_000 }), [4]);
});

test("steps below five seconds are never gaps, however fast the sender is", () => {
  assert.deepEqual(breaks([0, 100, 5_100, 10_101], 0, 3, { interval: 100 }), [3]);
  assert.equal(gapLimit(null), 5_000);
});

test("a missing bucket is a gap, and buckets side by side are none", () => {
  const about = { interval: 2_000, resolution: 60_000, rawFrom: 240_001 };
  assert.deepEqual(breaks([0, 60_000, 180_000, 240_000, 246_000], 0, 4, about), [2]);
});

test("a sender slower than the buckets is not torn apart", () => {
  const about = { interval: 61_000, resolution: 60_000, rawFrom: Infinity };
  assert.deepEqual(breaks([0, 60_000, 180_000, 240_000, 480_000], 0, 4, about), [4]);
});

test("a value is stale after three intervals, and not before five seconds", () => {
  assert.equal(staleAfter(60_000), 180_000);
  assert.equal(staleAfter(200), 5_000);
  assert.equal(staleAfter(null), 5_000);
});

test("a sender that became faster leaves no gaps behind, and those that were there stay", () => {
  const slow = Array.from({ length: 300 }, (_, n) => n * 7_200);
  const outage = slow.map((t, n) => (n < 150 ? t : t + 600_000));
  const times = [...outage, ...Array.from({ length: 200 }, (_, n) => outage.at(-1) + 1_000 * (n + 1))];
  assert.deepEqual(breaks(times, 0, times.length - 1, { interval: learn(times) }), [150]);
});
