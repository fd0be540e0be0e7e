import assert from "node:assert/strict";
import { test } from "node:test";
import { percentile, statistics, stretchFrom, usualStep, weighted } from "../../static/js/core/statistics.js";

const HOUR = 3_600_000;
const close = (a, b, what = "") => assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b)), `${what} ${a} is not ${b}`);

/** Hundreds of made-up cases, the same in each run; a failure names its number. */
function law(name, check, runs = 300) {
  test(name, () => {
    for (let seed = 1; seed <= runs; seed += 1) {
      let state = seed * 2654435761;
      const random = (n) => {
        state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) >>> 0;
        return ((state ^ (state >>> 13)) >>> 0) % n;
      };
      try {
        check(random);
      } catch (error) {
        error.message = `case ${seed}: ${error.message}`;
        throw error;
      }
    }
  });
}

/** Readings about every 10 s, with gaps and repeated values. */
function made(random) {
  const [t, v] = [[], []];
  let now = 1_700_000_000_000;
  for (let n = 1 + random(60); n > 0; n -= 1) {
    t.push(now);
    v.push((random(2001) - 1000) / (1 + random(7)));
    now += random(9) === 0 ? 60_000 + random(HOUR) : 9_000 + random(2_000);
  }
  return { t, v, interval: 10_000 };
}

/** The readings in buckets, as the history API makes them; only whole buckets. */
function bucketed({ t, v, interval }, width) {
  const all = new Map();
  t.forEach((at, i) => {
    const start = Math.floor(at / width) * width;
    all.set(start, [...(all.get(start) ?? []), v[i]]);
  });
  const lists = [...all.values()];
  return {
    ...{ t: [...all.keys()], v: lists.map((list) => list.reduce((a, b) => a + b) / list.length) },
    ...{ low: lists.map((list) => Math.min(...list)), high: lists.map((list) => Math.max(...list)) },
    ...{ count: lists.map((list) => list.length), resolution: width, rawFrom: Infinity, interval },
  };
}

const HELD = { t: [0, 10_000, 20_000, 30_000], v: [0, 1, 1, 0], interval: 10_000 };

test("a small case by hand", () => {
  const found = statistics({ t: [0, 10_000, 20_000], v: [0, 10, 40], interval: 10_000 }, { level: 5 });
  assert.deepEqual([found.count, found.min, found.max, found.minAt, found.maxAt], [3, 0, 40, 0, 20_000]);
  close(found.mean, 50 / 3);
  close(found.timeMean, (50_000 + 250_000) / 20_000);
  close(found.integral, 300_000 / HOUR);
  assert.deepEqual(found.above, { ms: 15_000, least: 15_000, most: 15_000 });
  close(found.deviation, Math.sqrt(((50 / 3) ** 2 + (20 / 3) ** 2 + (70 / 3) ** 2) / 2));
});

test("a state holds until the next reading, and its time above a half is the time it was on", () => {
  const found = statistics(HELD, { hold: true, level: 0.5 });
  assert.deepEqual([found.above.ms, found.covered, found.timeMean], [20_000, 30_000, 2 / 3]);
});

test("a gap counts for no time, and the line is not drawn across it", () => {
  const found = statistics({ t: [0, 10_000, 100_000, 110_000], v: [1, 1, 9, 9], interval: 10_000 }, { level: 0 });
  assert.deepEqual([found.covered, found.gaps, found.timeMean, found.above.ms], [20_000, 1, 5, 20_000]);
});

test("a single reading covers no time: no mean by time, but one by reading", () => {
  const found = statistics({ t: [5], v: [7], interval: null }, { level: 1 });
  assert.deepEqual([found.timeMean, found.covered, found.mean, found.deviation], [null, 0, 7, null]);
  assert.ok(found.percentiles.every(([, value]) => value === 7));
});

test("where nothing is, nothing is said", () => {
  assert.equal(statistics({ t: [], v: [] }), null);
  assert.equal(statistics(HELD, { from: 50_000 }), null);
});

test("a selection between two readings is the line between them", () => {
  const found = statistics({ t: [0, 10_000], v: [0, 10], interval: 10_000 }, { from: 2_000, to: 4_000, level: 2.5 });
  assert.deepEqual([found.count, found.covered], [0, 2_000]);
  close(found.timeMean, 3);
  close(found.above.ms, 1_500);
});

test("large values do not lose what they differ by", () => {
  const v = Array.from({ length: 1_000 }, (_, i) => 1e12 + (i % 2));
  const found = statistics({ t: v.map((_, i) => i * 1_000), v, interval: 1_000 });
  assert.ok(Math.abs(found.deviation - 0.50025) < 1e-3, String(found.deviation));
});

test("the usual step of a jittery sender is not broken by its jitter; an outage does not widen it", () => {
  assert.equal(usualStep([1]), null);
  assert.equal(usualStep([0, 10, 20, 30, 40, 5_000]), 10);
  const jittery = [];
  for (let i = 0, t = 0; i < 1_000; i += 1) jittery.push((t += 4_000 + (i % 7) * 1_000));
  assert.equal(usualStep(jittery), 10_000);
});

test("buckets with unknown counts have a mean by time only", () => {
  const found = statistics({ t: [0, 60_000], v: [1, 3], resolution: 60_000, rawFrom: Infinity, interval: 1_000 });
  assert.deepEqual([found.count, found.mean, found.timeMean, found.exact], [null, null, 2, false]);
});

test("the history API's answers are stretches; text and nothing are none", () => {
  assert.equal(stretchFrom({ resolution: "raw", t: [1], v: ["on"] }), null);
  assert.equal(stretchFrom({ resolution: "raw", t: [1, 2], v: [5, "on"] }), null);
  assert.equal(stretchFrom(undefined), null);
  assert.equal(statistics(stretchFrom({ resolution: "raw", t: [0, 10_000], v: [1, 3] })).timeMean, 2);
  const rows = { resolution: 60_000, t: [0, 60_000], min: [0, 2], max: [2, 4], avg: [1, 3], count: [6, 6] };
  const found = statistics(stretchFrom(rows));
  assert.deepEqual([found.count, found.mean, found.min, found.max, found.covered], [12, 2, 0, 4, 120_000]);
});

law("extremes, mean and percentiles lie in their order", (random) => {
  const found = statistics(made(random), { level: 0 });
  const values = found.percentiles.map(([, value]) => value);
  for (const [a, b] of [[found.min, ...values].map((x, i, all) => [x, all[i + 1] ?? found.max])].flat()) assert.ok(a <= b, `${a} > ${b}`);
  assert.ok(found.min - 1e-9 <= found.mean && found.mean <= found.max + 1e-9);
  if (found.timeMean !== null) assert.ok(found.min - 1e-9 <= found.timeMean && found.timeMean <= found.max + 1e-9);
  assert.ok(found.above.ms >= 0 && found.above.ms <= found.covered + 1e-6);
});

law("two selections side by side add up to both in one", (random) => {
  const stretch = made(random);
  const from = stretch.t[0] - random(30_000);
  const to = stretch.t.at(-1) + random(30_000);
  const middle = from + random(Math.max(1, to - from));
  const [hold, level] = [random(2) === 1, random(200) - 100];
  const of = (a, b) => statistics(stretch, { from: a, to: b, hold, level });
  const [left, right, whole] = [of(from, middle), of(middle, to), of(from, to + 1)];
  const sum = (pick) => (left ? pick(left) : 0) + (right ? pick(right) : 0);
  if (stretch.t.at(-1) < to) close(sum((one) => one.count), whole.count, "count");
  close(sum((one) => one.covered), whole.covered, "covered");
  close(sum((one) => one.integral), whole.integral, "integral");
  close(sum((one) => one.above.ms), whole.above.ms, "above");
});

law("time moved or value scaled: the results move and scale with them", (random) => {
  const stretch = made(random);
  const [shift, factor] = [random(1e9), 1 + random(9)];
  const other = { t: stretch.t.map((t) => t + shift), v: stretch.v.map((v) => v * factor), interval: stretch.interval };
  const [a, b] = [statistics(stretch, { level: 3 }), statistics(other, { level: 3 * factor })];
  close(a.mean * factor, b.mean, "mean");
  close(a.integral * factor, b.integral, "integral");
  close(a.above.ms, b.above.ms, "above");
  assert.equal(a.minAt + shift, b.minAt);
  assert.equal(a.gaps, b.gaps);
});

law("above a level and above its mirror image fill the covered time", (random) => {
  const stretch = { ...made(random) };
  const level = random(400) - 200 + 0.123;
  const mirrored = { ...stretch, v: stretch.v.map((v) => -v) };
  const [up, down] = [statistics(stretch, { level }), statistics(mirrored, { level: -level })];
  close(up.above.ms + down.above.ms, up.covered);
});

law("buckets keep count, mean and extremes, and lie around the truth where they only estimate", (random) => {
  const stretch = made(random);
  const raw = statistics(stretch, { level: 5 });
  const rough = statistics(bucketed(stretch, 1_000 * (1 + random(600))), { level: 5 });
  assert.deepEqual([rough.count, rough.min, rough.max, rough.exact], [raw.count, raw.min, raw.max, false]);
  close(rough.mean, raw.mean, "mean");
  assert.ok(rough.above.least <= rough.above.ms + 1e-6 && rough.above.ms <= rough.above.most + 1e-6);
  for (const [, value] of rough.percentiles) assert.ok(raw.min <= value && value <= raw.max);
});

law("what changes slowly has the same integral and time above from buckets as from readings", (random) => {
  const n = 2_000;
  const phase = random(628) / 100;
  const t = Array.from({ length: n }, (_, i) => i * 1_000);
  const v = t.map((at) => 10 + 5 * Math.sin(at / 300_000 + phase));
  const raw = statistics({ t, v, interval: 1_000 }, { level: 11 });
  const rough = statistics(bucketed({ t, v, interval: 1_000 }, 20_000), { to: n * 1_000, level: 11 });
  assert.ok(Math.abs(raw.integral - rough.integral) < 0.002 * raw.integral);
  assert.ok(Math.abs(raw.above.ms - rough.above.ms) < 20_000);
  assert.ok(rough.above.least <= raw.above.ms && raw.above.ms <= rough.above.most + 1_000);
}, 30);

law("a percentile of counted values is that of all of them written out", (random) => {
  const values = [...new Set(Array.from({ length: 1 + random(12) }, () => random(100)))].sort((a, b) => a - b);
  const counts = values.map(() => 1 + random(5));
  const all = values.flatMap((value, i) => Array(counts[i]).fill(value));
  for (const share of [0, 0.01, 0.25, 0.5, 0.77, 0.99, 1]) close(weighted(values, counts, share), percentile(all, share), `at ${share}`);
});

law("hold gives the plain sum of value times duration", (random) => {
  const stretch = made(random);
  let sum = 0;
  for (let i = 1; i < stretch.t.length; i += 1) {
    const span = stretch.t[i] - stretch.t[i - 1];
    if (span <= 15_000) sum += stretch.v[i - 1] * span;
  }
  close(statistics(stretch, { hold: true }).integral, sum / HOUR);
});
