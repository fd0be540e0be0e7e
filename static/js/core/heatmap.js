/**
 * Hours by days: a cell is what one hour of the clock in one day of the calendar holds, in the zone of what is shown. A
 * day with 23 hours has none for the one that clocks skip; one with 25 has both hours of the same name in one cell.
 */
import { dayStart, offsetAt } from "telltale/core/zone.js";

const HOUR = 3_600_000;
/** The offset of a zone changes at multiples of this (ms). */
const QUARTER = 900_000;

/**
 * The days between `from` and `to` (ms) with their cells: `[{start, end, hours: [cell × 24]}]`. A cell is null where
 * there are no readings, else `{mean, min, max, count}`; `{skipped: true}` is an hour that the day does not have.
 */
export function heatmap({ t, v, low = v, high = v, count = null }, from, to) {
  const days = calendar(from, to);
  let day = 0;
  for (let i = 0; i < t.length; i += 1) {
    while (day < days.length - 1 && t[i] >= days[day].end) day += 1;
    const one = days[day];
    if (!one || t[i] < one.start || t[i] >= one.end) continue;
    const hour = hourOf(t[i]);
    const cell = one.hours[hour] ?? { sum: 0, count: 0, min: Infinity, max: -Infinity };
    const weight = count ? count[i] : 1;
    cell.sum += v[i] * weight;
    cell.count += weight;
    cell.min = Math.min(cell.min, low[i]);
    cell.max = Math.max(cell.max, high[i]);
    one.hours[hour] = cell;
  }
  for (const one of days) one.hours = one.hours.map((cell) => (cell && !cell.skipped ? closed(cell) : cell));
  return days;
}

function closed({ sum, count, min, max }) {
  return { mean: Math.min(max, Math.max(min, sum / count)), min, max, count };
}

const hourOf = (t) => Math.floor((((t + offsetAt(t)) % (24 * HOUR)) + 24 * HOUR) / HOUR) % 24;

function calendar(from, to) {
  const days = [];
  for (let start = dayStart(from); start < to; start = days.at(-1).end) {
    const end = dayStart(start, 1);
    const hours = Array(24).fill(null);
    if (end - start < 24 * HOUR) {
      const there = new Set();
      for (let t = start; t < end; t += QUARTER) there.add(hourOf(t));
      for (let hour = 0; hour < 24; hour += 1) if (!there.has(hour)) hours[hour] = { skipped: true };
    }
    days.push({ start, end, hours });
  }
  return days;
}

/** Lowest and highest mean of all cells, or null. */
export function extent(days) {
  let [min, max] = [Infinity, -Infinity];
  for (const { hours } of days) {
    for (const cell of hours) {
      if (!cell || cell.skipped) continue;
      min = Math.min(min, cell.mean);
      max = Math.max(max, cell.mean);
    }
  }
  return max < min ? null : { min, max };
}
