import assert from "node:assert/strict";
import { test } from "node:test";
import { BUCKETS, extent, share, Spark, trend } from "../../static/js/core/spark.js";

const HOUR = 3_600_000;
const raw = (t, v) => ({ resolution: "raw", t, v });

test("a bucket keeps the lowest, the highest and the newest, whatever the order", () => {
  const one = new Spark(BUCKETS * 10);
  for (const [t, v] of [
    [3, 5],
    [9, 2],
    [1, 9],
    [25, true],
  ])
    one.put(t, v);
  assert.deepEqual(one.columns(), { t: [9, 25], low: [2, 1], high: [9, 1], last: [2, 1], gaps: new Set() });
});

test("history and live readings join, whichever comes first", () => {
  const readings = [...Array(50).keys()].map((n) => [n * 1_000, n % 7]);
  const live = new Spark(HOUR);
  const late = new Spark(HOUR);
  for (const [t, v] of readings.slice(40)) late.put(t, v);
  late.load(raw(readings.map(([t]) => t), readings.map(([, v]) => v)));
  for (const [t, v] of readings) live.put(t, v);
  assert.deepEqual(late.columns(), live.columns());
  assert.equal(late.interval, 1_000);
});

test("a silence breaks the line, an interval above the step does not", () => {
  const slow = new Spark(HOUR);
  slow.load(raw([0, 60_000, 120_000, 180_000, 600_000, 660_000], [1, 2, 3, 4, 5, 6]));
  assert.deepEqual([...slow.columns().gaps], [4]);
  assert.equal(slow.staleAfter, 180_000);
});

test("buckets of the server become columns, with the interval they imply", () => {
  const one = new Spark(HOUR);
  one.load({ resolution: 30_000, t: [0, 30_000], avg: [2, 3], min: [1, 2], max: [9, 4], count: [30, 30] });
  const { low, high, last } = one.columns();
  assert.deepEqual([low, high, last], [[1, 2], [9, 4], [2, 3]]);
  assert.equal(one.interval, 1_000);
});

test("buckets of the server that are wider than columns are no gaps", () => {
  const one = new Spark(HOUR);
  const t = [0, 60_000, 120_000, 300_000];
  const values = t.map(() => 1);
  one.load({ resolution: 60_000, t, avg: values, min: values, max: values, count: t.map(() => 60) });
  assert.deepEqual([...one.columns().gaps], [3]);
});

test("texts and nothing at all are no columns", () => {
  const one = new Spark(HOUR);
  one.load(null);
  one.load(raw([], []));
  one.load(raw([1, 2], ["on", "off"]));
  assert.deepEqual(one.columns().t, []);
  assert.equal(extent(one.columns()), null);
});

test("what is older than the range is forgotten, and memory has a bound", () => {
  const one = new Spark(BUCKETS * 10);
  for (let t = 0; t < 100_000; t += 1) {
    one.put(t, t);
    if (t % 1_000 === 0) one.trim(t);
  }
  one.trim(100_000);
  assert.ok(one.columns().t.length <= BUCKETS + 2);
});

test("the largest floats there are have a place", () => {
  const max = Number.MAX_VALUE;
  assert.equal(share(0, -max, max), 0.5);
  assert.equal(share(max, -max, max), 1);
  assert.equal(share(3, 3, 3), 0.5);
});

test("a trend is what differs from what was before, by the spread", () => {
  const columns = (values) => {
    const one = new Spark(100_000);
    values.forEach((v, n) => one.put(n * 1_000, v));
    return trend(one.columns(), 100_000, 100_000);
  };
  const line = [...Array(100).keys()];
  assert.equal(columns(line), "up");
  assert.equal(columns(line.map((n) => -n)), "down");
  assert.equal(columns(line.map((n) => n % 2)), "steady");
  assert.equal(columns(line.map(() => 5)), "steady");
  assert.equal(columns([1]), null);
});
