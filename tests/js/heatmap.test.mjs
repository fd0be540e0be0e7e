import assert from "node:assert/strict";
import { test } from "node:test";
import { extent, heatmap } from "../../static/js/core/heatmap.js";
import { useZone } from "../../static/js/core/zone.js";

const HOUR = 3_600_000;
const hourly = (from, to) => {
  const t = [];
  for (let at = from; at < to; at += HOUR) t.push(at);
  return { t, v: t.map((_, i) => i) };
};
const at = (text) => new Date(text).getTime();

test("hours and days are those of the zone", () => {
  useZone("Asia/Kolkata");
  const from = at("2024-05-01T18:30:00Z"); // midnight there
  const days = heatmap(hourly(from, from + 48 * HOUR), from, from + 48 * HOUR);
  assert.deepEqual(days.map((day) => day.start), [from, from + 24 * HOUR]);
  assert.deepEqual(days[1].hours.map((cell) => cell.mean), Array.from({ length: 24 }, (_, i) => 24 + i));
});

test("the day on which summer time begins has no hour 2, and no reading is lost", () => {
  useZone("Europe/Stockholm");
  const [from, to] = [at("2024-03-30T23:00:00Z"), at("2024-03-31T22:00:00Z")];
  const [day, ...more] = heatmap(hourly(from, to), from, to);
  assert.equal(more.length, 0);
  assert.deepEqual(day.hours[2], { skipped: true });
  assert.equal(day.hours.filter((cell) => cell?.count === 1).length, 23);
});

test("the day on which it ends has both hours 2 in one cell", () => {
  useZone("Europe/Stockholm");
  const [from, to] = [at("2024-10-26T22:00:00Z"), at("2024-10-27T23:00:00Z")];
  const [day, ...more] = heatmap(hourly(from, to), from, to);
  assert.equal(more.length, 0);
  assert.deepEqual(day.hours.map((cell) => cell.count), [1, 1, 2, ...Array(21).fill(1)]);
  assert.deepEqual(day.hours[2], { mean: 2.5, min: 2, max: 3, count: 2 });
});

test("in every zone and at every change all readings are in a cell, each once", () => {
  for (const zone of ["UTC", "Australia/Lord_Howe", "America/St_Johns", "Europe/Berlin", "Asia/Kathmandu"]) {
    useZone(zone);
    const [from, to] = [at("2024-01-01T00:00:00Z"), at("2025-01-01T00:00:00Z")];
    const stretch = hourly(from, to);
    const cells = heatmap(stretch, from, to).flatMap((day) => day.hours);
    assert.equal(cells.reduce((sum, cell) => sum + (cell?.count ?? 0), 0), stretch.t.length, zone);
    assert.ok(cells.every((cell) => !cell || cell.skipped || (cell.mean >= cell.min && cell.mean <= cell.max)), zone);
  }
});

test("cells without readings stay empty, and the extent is that of the means", () => {
  useZone("UTC");
  const days = heatmap({ t: [0, 1, HOUR], v: [1, 3, 8] }, 0, 24 * HOUR);
  assert.deepEqual(days[0].hours[2], null);
  assert.deepEqual(extent(days), { min: 2, max: 8 });
  assert.equal(extent(heatmap({ t: [], v: [] }, 0, HOUR)), null);
});

test("buckets weigh by their readings and keep their extremes", () => {
  useZone("UTC");
  const stretch = { t: [0, 900_000], v: [1, 4], low: [0, 2], high: [5, 9], count: [2, 1] };
  assert.deepEqual(heatmap(stretch, 0, HOUR)[0].hours[0], { mean: 2, min: 0, max: 9, count: 3 });
});
