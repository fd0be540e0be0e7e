/** Numbers, times and ages as people read them. Times in ms, shown in the chosen zone; numbers and dates by the locale. */
import { locale, t as text } from "telltale/core/words.js";
import { offsetAt, wall } from "telltale/core/zone.js";

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

const fixed = new Map();

function decimals(value) {
  const size = Math.abs(value);
  if (size >= 10_000) return 0;
  if (size >= 100) return 1;
  if (size >= 10) return 2;
  if (size >= 0.1 || size === 0) return 3;
  return Math.min(6, 2 - Math.floor(Math.log10(size)));
}

/** How many decimals a number is written with; many for one in exponents. */
export function decimalsOf(value) {
  const [digits, exponent] = String(value).split("e");
  return Math.max(0, (digits.split(".")[1]?.length ?? 0) - Number(exponent ?? 0));
}

/** A number with digits by its magnitude; up to `least` decimals stay though they be 0, so that it does not twitch. */
export function formatNumber(value, least = 0) {
  const size = Math.abs(value);
  if (size >= 1e9 || (size > 0 && size < 1e-4)) return value.toExponential(2);
  const most = decimals(value);
  const key = 10 * most + Math.min(least, most);
  if (!fixed.has(key)) {
    fixed.set(key, new Intl.NumberFormat(locale, { minimumFractionDigits: key % 10, maximumFractionDigits: most }));
  }
  return fixed.get(key).format(value);
}

/** Any value; booleans as on and off. */
export function formatValue(value, least = 0) {
  if (typeof value === "number") return formatNumber(value, least);
  if (typeof value === "boolean") return value ? text("on") : text("off");
  return String(value);
}

const two = (number) => String(number).padStart(2, "0");

/** 14:03, 14:03:27 or 14:03:27.250 by the clocks of the zone. */
export function formatTime(t, { seconds = true, milliseconds = false } = {}) {
  const date = wall(t);
  const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
  if (!seconds) return clock;
  const rest = milliseconds ? `.${String(date.getUTCMilliseconds()).padStart(3, "0")}` : "";
  return `${clock}:${two(date.getUTCSeconds())}${rest}`;
}

const days = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
const dayOf = (t) => Math.floor((t + offsetAt(t)) / DAY);

/** A day in the reader's own calendar. */
export const formatDay = (t) => days.format(wall(t));

/** The time, with the date in front if that is another day than `now`'s. */
export function formatMoment(t, now) {
  return dayOf(t) === dayOf(now) ? formatTime(t) : `${formatDay(t)}, ${formatTime(t)}`;
}

/** 42 s, 3 min, 5 h, 2 d. */
export function formatSpan(span) {
  const at = Math.max(0, span);
  if (at < MINUTE) return `${Math.floor(at / SECOND)} s`;
  if (at < HOUR) return `${Math.floor(at / MINUTE)} min`;
  if (at < 2 * DAY) return `${Math.floor(at / HOUR)} h`;
  return `${Math.floor(at / DAY)} d`;
}

/** How long ago a live value was taken. */
export function formatAge(age) {
  return age < SECOND ? text("now") : text("{span} ago", { span: formatSpan(age) });
}

/** What is said of a value that is no longer live: first how long, then since when. */
export function formatStale(t, now) {
  if (now - t < MINUTE) return text("stale, {span} ago", { span: formatSpan(now - t) });
  return text("stale since {moment}", { moment: formatMoment(t, now) });
}

const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });

/** How many, with its digits grouped. */
export const formatCount = (n) => whole.format(n);

/** A metric's name as a label. */
export function formatLabel(metric) {
  return metric.replaceAll("_", " ");
}

/** What a series is called: by a person, else by its metric. */
export const titleOf = (series) => series.title || formatLabel(series.metric);
