import assert from "node:assert/strict";
import { test } from "node:test";
import { histogram, round } from "../../static/js/core/histogram.js";

const of = (v, more = {}) => histogram({ t: v.map((_, i) => i), v, ...more });

test("every value is in the bin whose edges it lies between", () => {
  for (let seed = 1; seed < 200; seed += 1) {
    let state = seed;
    const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    const scale = 10 ** Math.floor(random() * 8 - 4);
    const v = Array.from({ length: 2 + Math.floor(random() * 300) }, () => (Math.round(random() * 100) - 30) * scale);
    const { bins, total } = of(v);
    assert.ok(bins.length <= 61);
    assert.equal(bins.reduce((sum, bin) => sum + bin.count, 0), total);
    bins.forEach(({ from, to, count }, i) => {
      const inside = v.filter((one) => one >= from && (one < to || i === bins.length - 1)).length;
      assert.equal(count, inside, `seed ${seed}, ${from} to ${to}`);
    });
  }
});

test("edges are round numbers", () => {
  const { width, bins } = of([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
  assert.deepEqual([width, bins[0].from, bins.map((bin) => bin.count).reduce((a, b) => a + b)], [0.5, 0, 6]);
  assert.deepEqual([round(0.11), round(2), round(0.5), round(70)], [0.2, 2, 0.5, 100]);
});

test("one value only is one bin, none is none", () => {
  assert.deepEqual(of([7, 7]).bins, [{ from: 7, to: 7, count: 2 }]);
  assert.equal(of([]), null);
});

test("a bucket counts as often as it has readings, and is no exact answer", () => {
  const found = of([1, 1, 1, 1, 1, 9], { count: [3, 1, 1, 1, 1, 1], resolution: 1_000, rawFrom: Infinity });
  assert.deepEqual([found.total, found.exact, found.bins[0].count, found.bins.at(-1).count], [8, false, 7, 1]);
});

test("rare values far away do not make the bins too many", () => {
  assert.ok(of([...Array(1_000).fill(1), 1.001, 1e6]).bins.length <= 61);
});
