import assert from "node:assert/strict";
import { test } from "node:test";
import { Columns, lowerBound } from "../../static/js/core/columns.js";

const rows = (columns) => columns.all.map((column) => Array.from(column));

test("rows are sorted by time whatever order they come in", () => {
  const columns = new Columns();
  for (const t of [30, 10, 20, 40, 5]) columns.put(t, t / 10);
  assert.deepEqual(rows(columns).slice(0, 2), [
    [5, 10, 20, 30, 40],
    [0.5, 1, 2, 3, 4],
  ]);
});

test("the last value put at a time stands, with its lowest and highest", () => {
  const columns = new Columns();
  columns.put(10, 2, 1, 3);
  columns.put(10, 7);
  assert.deepEqual(rows(columns), [[10], [7], [7], [7]]);
});

test("columns grow beyond their first size and keep every row", () => {
  const columns = new Columns();
  for (let t = 2000; t > 0; t -= 1) columns.put(t, t);
  assert.equal(columns.length, 2000);
  assert.ok(columns.t.every((t, i) => t === i + 1 && columns.v[i] === t));
});

test("text columns take texts and do not show spare places", () => {
  const columns = new Columns(true);
  columns.put(2, "b");
  columns.put(1, "a");
  assert.deepEqual(rows(columns), [
    [1, 2],
    ["a", "b"],
  ]);
});

test("a span is removed with both its ends", () => {
  const columns = new Columns();
  for (const t of [1, 2, 3, 4, 5]) columns.put(t, t);
  columns.remove(2, 4);
  assert.deepEqual(Array.from(columns.t), [1, 5]);
  columns.remove(6, 9);
  assert.equal(columns.length, 2);
});

test("old rows are dropped by time and by number", () => {
  const columns = new Columns();
  for (const t of [1, 2, 3, 4, 5]) columns.put(t, t);
  columns.dropBefore(2);
  assert.deepEqual(Array.from(columns.t), [2, 3, 4, 5]);
  columns.keep(2);
  assert.deepEqual(Array.from(columns.t), [4, 5]);
});

test("random puts and removals equal a plain map", () => {
  let seed = 7;
  const random = (n) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  const columns = new Columns();
  const model = new Map();
  for (let i = 0; i < 5000; i += 1) {
    const t = random(900);
    if (i % 50 === 49) {
      columns.remove(t, t + 20);
      for (const key of model.keys()) if (key >= t && key <= t + 20) model.delete(key);
    } else {
      columns.put(t, i);
      model.set(t, i);
    }
  }
  const expected = [...model].sort((a, b) => a[0] - b[0]);
  assert.deepEqual(
    Array.from(columns.t),
    expected.map(([t]) => t),
  );
  assert.deepEqual(
    Array.from(columns.v),
    expected.map(([, v]) => v),
  );
});

test("the lower bound is the first place that is not before", () => {
  assert.equal(lowerBound([1, 3, 5], 3), 1);
  assert.equal(lowerBound([1, 3, 5], 4), 2);
  assert.equal(lowerBound([1, 3, 5], 9), 3);
});

test("rows stand for one reading each until one is said to stand for more", () => {
  const columns = new Columns();
  columns.put(1, 5);
  assert.equal(columns.counts, null);
  columns.put(3, 5, 4, 6, 60);
  columns.put(2, 5);
  columns.put(1, 6);
  assert.deepEqual(Array.from(columns.counts), [1, 1, 60]);
  assert.equal(columns.all.length, 4);
  columns.dropBefore(2);
  for (let t = 4; t < 2000; t += 1) columns.put(t, t, t, t, 2);
  assert.deepEqual(Array.from(columns.counts.subarray(0, 3)), [1, 60, 2]);
  assert.equal(columns.counts.length, columns.length);
});
