/**
 * The time zone of what is shown: the browser's, UTC or a named one (IANA), kept on this browser. Times are ms since
 * 1970 in UTC; a wall time is what clocks of the zone show, as ms since 1970 read off them, so that days are 86,400,000
 * of it while they last 23 or 25 hours where summer time begins or ends.
 */

const KEY = "telltale-zone";
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
/** Zones change their offset at multiples of this. */
const QUARTER = 900_000;
const REMEMBERED = 4_096;
const FIELDS = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };

let chosen = "";
let clock = null;
const offsets = new Map();

/** The chosen zone; "" is the browser's. */
export const chosenZone = () => chosen;

/** The name of the zone of what is shown. */
export const zoneName = () => chosen || Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** The names that can be chosen besides the browser's own. */
export const zoneNames = () => ["UTC", ...Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC")];

/** Show times in a zone, "" for the browser's; one that there is not is the browser's. Returns the one in use. */
export function useZone(name) {
  offsets.clear();
  try {
    clock = name ? new Intl.DateTimeFormat("en-US", { ...FIELDS, era: "short", hourCycle: "h23", timeZone: name }) : null;
    chosen = name;
  } catch {
    clock = null;
    chosen = "";
  }
  return chosen;
}

/** Use a zone, and keep the choice. */
export function keepZone(name) {
  useZone(name);
  try {
    if (chosen) localStorage.setItem(KEY, chosen);
    else localStorage.removeItem(KEY);
  } catch {
    // private windows may not store; the choice then lasts as long as the page
  }
}

/** What clocks of the zone are ahead of UTC at a time, in ms. */
export function offsetAt(t) {
  if (!clock) return chosen ? 0 : -new Date(t).getTimezoneOffset() * MINUTE;
  const key = Math.floor(t / QUARTER);
  if (!offsets.has(key)) {
    if (offsets.size >= REMEMBERED) offsets.clear();
    offsets.set(key, measured(key * QUARTER));
  }
  return offsets.get(key);
}

function measured(t) {
  const part = Object.fromEntries(clock.formatToParts(t).map(({ type, value }) => [type, value]));
  const year = part.era === "BC" ? 1 - part.year : Number(part.year);
  const shown = new Date(0);
  shown.setUTCFullYear(year, part.month - 1, part.day);
  shown.setUTCHours(part.hour, part.minute, part.second);
  return shown.getTime() - Math.floor(t / 1_000) * 1_000;
}

/** The wall time as a Date whose UTC fields (getUTCHours …) are those of the zone. */
export const wall = (t) => new Date(t + offsetAt(t));

/** The time at which clocks show `at`, the first of two; where they skip it, as far after the gap as it is into it. */
export function fromWall(at) {
  const before = at - offsetAt(at - offsetAt(at) - DAY);
  if (before + offsetAt(before) === at) return before;
  const after = at - offsetAt(at - offsetAt(at) + DAY);
  return after + offsetAt(after) === at ? after : before;
}

/** When the day of `t` began; `days` later or earlier by the calendar. */
export function dayStart(t, days = 0) {
  return fromWall((Math.floor((t + offsetAt(t)) / DAY) + days) * DAY);
}

/** The same time of day some days later or earlier. */
export const addDays = (t, days) => fromWall(t + offsetAt(t) + days * DAY);

/** The same day and time some months later or earlier; a day that there is not is the last of its month. */
export function addMonths(t, months) {
  const at = wall(t);
  const day = at.getUTCDate();
  at.setUTCDate(1);
  at.setUTCMonth(at.getUTCMonth() + months);
  const last = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate();
  at.setUTCDate(Math.min(day, last));
  return fromWall(at.getTime());
}

/** UTC, UTC+1 or UTC−3:30: how the zone stands at a time. */
export function offsetName(t) {
  const minutes = Math.round(offsetAt(t) / MINUTE);
  if (!minutes) return "UTC";
  const size = Math.abs(minutes);
  const rest = size % (HOUR / MINUTE);
  return `UTC${minutes < 0 ? "−" : "+"}${(size - rest) / 60}${rest ? `:${String(rest).padStart(2, "0")}` : ""}`;
}

function stored() {
  try {
    return globalThis.localStorage?.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

if (globalThis.document) useZone(stored());
