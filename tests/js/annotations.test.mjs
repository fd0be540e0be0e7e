import assert from "node:assert/strict";
import { test } from "node:test";
import { Annotations, endOf, formatWhen, spoken, under } from "../../static/js/core/annotations.js";

const T = new Date(2026, 0, 15, 14, 3, 27).getTime();
const note = (id, from, more = {}) => ({ id, series: "a/t", from, to: null, text: `n${id}`, deleted: null, ...more });
const ids = (list) => list.map(({ id }) => id);

function loaded(...list) {
  const annotations = new Annotations();
  annotations.load(annotations.begin(), list, 0);
  return annotations;
}

test("a series has its own and the global ones, oldest first", () => {
  const all = loaded(note(1, 30), note(2, 20, { series: null }), note(3, 10, { series: "b/t" }), note(4, 20));
  assert.deepEqual(ids(all.on("a/t", 0, 99)), [2, 4, 1]);
  assert.deepEqual(ids(all.on("c/t", 0, 99)), [2]);
});

test("a point and a span overlap what their ends reach into", () => {
  const all = loaded(note(1, 10), note(2, 20), note(3, 0, { to: 10 }), note(4, 0, { to: 11 }), note(5, 0, { to: 99 }));
  assert.deepEqual(ids(all.on("a/t", 10, 20)), [4, 5, 1]);
  assert.deepEqual([endOf(note(1, 10)), endOf(note(1, 10, { to: 15 }))], [11, 15]);
});

test("pushes change, delete and restore", () => {
  const all = loaded(note(1, 10));
  all.push(note(1, 10, { text: "other" }));
  all.push(note(2, 5));
  assert.deepEqual(
    all.on("a/t", 0, 99).map(({ text }) => text),
    ["n2", "other"],
  );
  all.push(note(1, 10, { deleted: 7 }));
  assert.deepEqual(ids(all.on("a/t", 0, 99)), [2]);
  all.push(note(1, 10));
  assert.deepEqual(ids(all.on("a/t", 0, 99)), [2, 1]);
});

test("what is pushed during a fetch is newer than its answer", () => {
  const all = loaded(note(1, 10), note(9, 1));
  const fetch = all.begin();
  all.push(note(1, 10, { deleted: 7 }));
  all.push(note(2, 20));
  all.load(fetch, [note(1, 10), note(3, 30)], 0);
  assert.deepEqual(ids(all.on("a/t", 0, 99)), [2, 3]);
});

test("the answer of a fetch that another has followed is not used, nor is none", () => {
  const all = loaded(note(1, 10));
  const first = all.begin();
  const second = all.begin();
  all.load(first, [], 5);
  assert.deepEqual([all.from, ids(all.on("a/t", 0, 99))], [0, [1]]);
  all.load(second, null, 5);
  assert.deepEqual([all.from, ids(all.on("a/t", 0, 99))], [0, [1]]);
});

test("a pointer means a line that is near, and a span that it is in", () => {
  const list = [note(1, 100), note(2, 200, { to: 300 }), note(3, 350)];
  const at = (x) => ids(under(list, (t) => t / 10, x, 2));
  assert.deepEqual([at(8), at(12), at(13), at(25), at(32), at(34)], [[1], [1], [], [2], [2], [3]]);
});

test("the time of a note in words, and a sentence of notes", () => {
  assert.equal(formatWhen(note(1, T), T), "14:03:27");
  assert.equal(formatWhen(note(1, T, { to: T + 60_000 }), T), "14:03:27 – 14:04:27");
  assert.equal(spoken([], T), "");
  assert.equal(spoken([note(1, T, { text: "new\nfilter" })], T), "; 1 note: 14:03:27: new filter");
  const many = Array.from({ length: 7 }, (_, n) => note(n, T, { text: "x".repeat(200) }));
  assert.match(spoken(many, T), /^; 7 notes, the newest 5: (14:03:27: x{79}…(; )?){5}$/);
});
