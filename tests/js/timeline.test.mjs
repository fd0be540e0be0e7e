import assert from "node:assert/strict";
import { test } from "node:test";
import { Timeline } from "../../static/js/core/timeline.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const told = (line, now) => line.boxes(now).map(({ from, to, value }) => [from / MINUTE, to / MINUTE, value]);
const each = (first, last, text) =>
  Array.from({ length: last - first }, (_, n) => [(first + n) * MINUTE, text]);

test("a state is one box for as long as it holds", () => {
  const line = new Timeline(HOUR);
  for (const [t, text] of [...each(10, 30, "idle"), ...each(30, 61, "heating")]) line.put(t, text);
  assert.deepEqual(told(line, HOUR), [
    [10, 30, "idle"],
    [30, 60, "heating"],
  ]);
});

test("a silence is no state", () => {
  const line = new Timeline(HOUR);
  for (const [t, text] of [...each(0, 10, "idle"), ...each(40, 61, "idle")]) line.put(t, text);
  assert.deepEqual(told(line, HOUR).map(([from]) => from), [0, 40]);
  assert.ok(told(line, HOUR)[0][1] < 12);
});

test("history and what came meanwhile are one line, in any order", () => {
  const line = new Timeline(HOUR);
  const rows = each(0, 50, "idle");
  line.put(55 * MINUTE, "heating");
  line.load({ t: rows.map(([t]) => t), v: rows.map(([, text]) => text), resolution: "raw" });
  for (const [t, text] of each(50, 55, "idle")) line.put(t, text);
  for (const [t, text] of each(56, 61, "heating")) line.put(t, text);
  assert.deepEqual(told(line, HOUR), [
    [0, 55, "idle"],
    [55, 60, "heating"],
  ]);
});

test("what holds through buckets of history is one box, and a number among texts is none", () => {
  const line = new Timeline(HOUR);
  const t = Array.from({ length: 60 }, (_, n) => n * MINUTE);
  line.load({ t, v: t.map((_, n) => (n === 30 ? 5 : "on")), count: t.map(() => 12), resolution: MINUTE });
  assert.deepEqual(told(line, HOUR), [
    [0, 29 + 5 / 60, "on"],
    [31, 59 + 5 / 60, "on"],
  ]);
  assert.equal(line.interval, MINUTE / 12);
});

test("what is no longer shown is forgotten, but for what still holds", () => {
  const line = new Timeline(HOUR);
  line.put(0, "off");
  line.put(1, "idle");
  for (let t = 0; t < 30 * HOUR; t += 2 * HOUR) line.put(t + 2 * MINUTE, "idle");
  line.trim(30 * HOUR);
  const other = new Timeline(HOUR);
  other.follow(line, 0);
  assert.equal(other.boxes(30 * HOUR).length, line.boxes(30 * HOUR).length);
  assert.deepEqual(told(line, 29 * HOUR).at(0)?.[2], "idle");
});
