import assert from "node:assert/strict";
import { test } from "node:test";
import { STEPS, aligned, correlation, ranks, stepFor, strength } from "../../static/js/core/correlation.js";

const close = (a, b) => assert.ok(Math.abs(a - b) < 1e-9 * Math.max(1, Math.abs(b)), `${a} is not ${b}`);

function dice(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

test("a pair is a step in which both have readings; nothing is interpolated", () => {
  const a = { t: [0, 4_000, 10_000, 30_000], v: [1, 3, 5, 7] };
  const b = { t: [9_000, 12_000, 50_000], v: [10, 20, 30] };
  const pairs = aligned(a, b, 10_000);
  assert.deepEqual([pairs.t, pairs.x, pairs.y, pairs.alone], [[0, 10_000], [2, 5], [10, 20], [1, 1]]);
});

test("a bucket weighs as much as its readings", () => {
  const a = { t: [0, 5_000], v: [1, 4], count: [2, 1] };
  assert.deepEqual(aligned(a, { t: [0], v: [0] }, 10_000).x, [2]);
});

test("the step is the shortest in which both usually have a reading", () => {
  assert.equal(stepFor({ interval: 3_700 }, { interval: 9_000 }), 10_000);
  assert.equal(stepFor({ resolution: 60_000, interval: 1_000 }, { interval: 2_000 }), 60_000);
  assert.equal(stepFor({ interval: null }, { interval: 1e12 }), STEPS.at(-1));
});

test("a line is found, and what is no line is not", () => {
  const x = [1, 2, 3, 4, 5];
  const up = correlation({ x, y: x.map((one) => 3 * one + 2) });
  close(up.r, 1);
  close(up.slope, 3);
  close(up.intercept, 2);
  close(correlation({ x, y: x.map((one) => -one) }).r, -1);
  close(correlation({ x, y: [1, -1, 0, -1, 1].map((one, i) => one * (i === 2 ? 0 : 1)) }).r, 0);
});

test("what always grows together has rank 1 though it is no line", () => {
  const x = [1, 2, 3, 4, 5, 6];
  const found = correlation({ x, y: x.map((one) => Math.exp(one)) });
  close(found.rank, 1);
  assert.ok(found.r < 0.95);
});

test("too few pairs, or a side that does not vary, have no coefficient", () => {
  assert.equal(correlation({ x: [1, 2], y: [1, 2] }).r, null);
  assert.equal(correlation({ x: [1, 2, 3], y: [0.1, 0.1, 0.1] }).r, null);
  assert.equal(correlation({ x: Array(99).fill(0.1), y: Array.from({ length: 99 }, (_, i) => i) }).slope, null);
});

test("readings that creep are worth few independent pairs, dice nearly all", () => {
  const random = dice(7);
  const free = Array.from({ length: 500 }, random);
  const other = Array.from({ length: 500 }, random);
  const creeping = (values) => values.map(((sum) => (one) => (sum += one - 0.5))(0));
  assert.ok(correlation({ x: free, y: other }).independent > 400);
  assert.ok(correlation({ x: creeping(free), y: creeping(other) }).independent < 30);
});

test("swapping, scaling and moving leave the coefficients", () => {
  for (let seed = 1; seed < 100; seed += 1) {
    const random = dice(seed);
    const n = 3 + Math.floor(random() * 40);
    const x = Array.from({ length: n }, () => Math.round(random() * 20));
    const y = x.map((one) => one * (random() - 0.3) + random() * 9);
    const found = correlation({ x, y });
    if (found.r === null) continue;
    const other = correlation({ x: y.map((one) => 5 * one - 7), y: x.map((one) => one / 3 + 1e3) });
    close(other.r, found.r);
    close(other.rank, found.rank);
    assert.ok(Math.abs(found.r) <= 1 && Math.abs(found.rank) <= 1);
    assert.ok(found.independent >= 2 && found.independent <= n);
  }
});

test("ranks share ties and words say how strong", () => {
  assert.deepEqual(ranks([10, 30, 10, 20]), [1.5, 4, 1.5, 3]);
  assert.deepEqual([0, 0.3, -0.5, 0.79, -1].map(strength), ["very weak", "weak", "moderate", "strong", "very strong"]);
});
