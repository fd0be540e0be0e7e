/** Where a time axis has its marks and what stands there: round times of the zone, through days of 23 and 25 hours. */
import { locale } from "telltale/core/words.js";
import { dayStart, fromWall, offsetAt, wall } from "telltale/core/zone.js";

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
/** From this step on, months and years are counted instead of days. */
const MONTH = 28 * DAY;
const YEAR = 365 * DAY;

/** Steps between marks (ms), for uPlot's `incrs`. */
export const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 4, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 4, 7, 14].map((n) => n * DAY),
  ...[1, 2, 3, 6].map((n) => n * 30 * DAY),
  ...[1, 2, 5, 10, 20, 50].map((n) => n * YEAR),
];

/** The marks in min..max, `step` apart by the clocks and the calendar of the zone. */
export function timeSplits(min, max, step) {
  if (step >= MONTH) return months(min, max, Math.round(step / (30.4 * DAY)) || 1);
  if (step >= DAY) return days(min, max, Math.round(step / DAY));
  return step > HOUR ? hours(min, max, step) : even(min, max, step);
}

/** Up to an hour apart: both of the hours that clocks show twice get their marks. */
function even(min, max, step) {
  const found = [];
  let t = Math.ceil((min + offsetAt(min)) / step) * step - offsetAt(min);
  while (t <= max) {
    if (t >= min) found.push(t);
    const next = t + step;
    const aligned = Math.floor((next + offsetAt(next)) / step) * step - offsetAt(next);
    t = aligned > t ? aligned : next;
  }
  return found;
}

function hours(min, max, step) {
  const found = [];
  for (let day = dayStart(min); day <= max; day = dayStart(day, 1)) {
    const midnight = Math.floor((day + offsetAt(day)) / DAY) * DAY;
    for (let at = midnight; at < midnight + DAY; at += step) {
      const t = fromWall(at);
      if (t >= min && t <= max && wall(t).getTime() === at) found.push(t);
    }
  }
  return found;
}

function days(min, max, count) {
  const found = [];
  const number = (t) => Math.floor((t + offsetAt(t)) / DAY);
  for (let day = dayStart(min); day <= max; day = dayStart(day, 1)) {
    // Weeks begin on Mondays; 1970 began on a Thursday
    if (day >= min && (number(day) + (count % 7 ? 0 : 3)) % count === 0) found.push(day);
  }
  return found;
}

function months(min, max, count) {
  const found = [];
  const first = wall(min);
  let month = first.getUTCFullYear() * 12 + first.getUTCMonth();
  month -= month % count;
  for (let t = start(month); t <= max; month += count, t = start(month)) {
    if (t >= min) found.push(t);
  }
  return found;
}

const start = (month) => {
  const at = new Date(0);
  at.setUTCFullYear(Math.floor(month / 12), month % 12, 1);
  return fromWall(at.getTime());
};

const dates = new Map();

function date(t, fields) {
  const key = Object.keys(fields).join();
  if (!dates.has(key)) dates.set(key, new Intl.DateTimeFormat(locale, { ...fields, timeZone: "UTC" }));
  return dates.get(key).format(wall(t));
}

const two = (number) => String(number).padStart(2, "0");

function clock(t, step) {
  const at = wall(t);
  const text = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  if (step >= MINUTE) return text;
  const seconds = `${text}:${two(at.getUTCSeconds())}`;
  return step >= SECOND ? seconds : `${seconds}.${String(at.getUTCMilliseconds()).padStart(3, "0")}`;
}

/** What stands at the marks: times, and dates at midnights (years where years begin). */
export function timeLabels(splits, step) {
  return splits.map((t) => {
    const midnight = (t + offsetAt(t)) % DAY === 0;
    if (step < HOUR && !midnight) return clock(t, step);
    if (step < DAY && !midnight) return clock(t, MINUTE);
    if (step < MONTH) return date(t, { day: "numeric", month: "short" });
    const january = wall(t).getUTCMonth() === 0;
    return january || step >= YEAR ? date(t, { year: "numeric" }) : date(t, { month: "short" });
  });
}
