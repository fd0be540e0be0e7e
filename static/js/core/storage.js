/** What `GET /api/storage` says, as people read it. Sizes in bytes, times and ages in ms; null: not known, or none. */
import { formatSpan } from "telltale/core/format.js";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const DAY = 86_400_000;
const AGES = [
  [365 * DAY, "year"],
  [7 * DAY, "week"],
  [DAY, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
  [1_000, "second"],
];
/** From this share of the room on, the meter warns. */
const TIGHT = 0.9;

export const number = (value) => Math.round(value).toLocaleString();

/** 512 B, 1.5 KiB, 12.3 GiB. */
export function formatBytes(bytes) {
  let [size, unit] = [bytes, 0];
  while (size >= 1023.5 && unit < UNITS.length - 1) [size, unit] = [size / 1024, unit + 1];
  const digits = unit && size < 100 ? 1 : 0;
  const shown = size.toLocaleString(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${shown} ${UNITS[unit]}`;
}

/** How long something is kept: 90 days, 2 years, for ever. */
export function formatKept(age) {
  if (age === null) return "for ever";
  const [length, name] = AGES.find(([one]) => age >= one && age % one === 0) ?? [1_000, "second"];
  const count = age / length;
  return `${count.toLocaleString()} ${name}${count === 1 ? "" : "s"}`;
}

/** A day in the reader's own calendar. */
export const formatDay = (t) => new Date(t).toLocaleDateString(undefined, { dateStyle: "medium" });

/** What is used of the room there is: {used, room, share, tight, text}. The room is the quota, else what is free. */
export function usage({ files, quota, disk_free: free }) {
  const room = quota ?? files.total + free;
  const share = room > 0 ? Math.min(1, files.total / room) : 1;
  const of = quota === null ? "that the disk has for it" : "of the quota";
  const text = `${formatBytes(files.total)} of ${formatBytes(room)} ${of}`;
  return { used: files.total, room, share, tight: share >= TIGHT, text };
}

/** When the room is used up, in words. */
export function forecast({ full_on: full, quota, rates }, now) {
  if (rates.stored_bytes_per_day === null) return "The forecast needs some hours of readings.";
  if (full === null) return "At this rate the room lasts.";
  const what = quota === null ? "the disk is full" : "the quota is reached, and the oldest readings go";
  return `At this rate ${what} on ${formatDay(full)}, ${full <= now ? "now" : `in ${formatSpan(full - now)}`}.`;
}

/** The figures, as [name, text, what it means]. */
export function figures(storage, now) {
  const { files, readings, rates } = storage;
  const rate = (value, format, unit) => (value === null ? "not known yet" : `${format(value)}${unit} a day`);
  const lost = ["Lost", number(readings.lost ?? 0), "stored once, and damaged beyond repair"];
  return [
    ...(readings.lost ? [lost] : []),
    ["Readings kept", number(readings.stored + readings.unsealed), "sealed, and the newest that are not sealed yet"],
    ["Oldest", storage.oldest === null ? "none" : formatDay(storage.oldest), "the first reading that is kept"],
    ["Repeats", number(readings.duplicate), "readings that came again, kept once"],
    ["Deleted", number(readings.deleted), "by retention, the quota and corrections"],
    ["Arriving", rate(rates.readings_per_day, number, " readings"), "from all devices together"],
    ["Growing", rate(rates.stored_bytes_per_day, formatBytes, ""), "what the readings take once they are sealed"],
    ["Written", rate(rates.written_bytes_per_day, formatBytes, ""), "what wears the card"],
    ["Database", formatBytes(files.database), `with the log, ${formatBytes(storage.live)} hold data`],
    ["Write-ahead log", formatBytes(files.wal), "commits on their way into the database"],
    ["Reserve", formatBytes(files.reserve), "given up to clean a disk that is full"],
    ["Not sealed yet", sealing(storage, now), "the newest readings wait to be compressed; they are safe already"],
  ];
}

function sealing({ readings, sealed_until: until }, now) {
  const since = until === null ? "" : `, the last ${formatSpan(now - until)}`;
  const { unsealed } = readings;
  return unsealed ? `${number(unsealed)} reading${unsealed === 1 ? "" : "s"}${since}` : "none";
}

/** The state of backups: {state: "none" | "good" | "bad", text}. */
export function backups({ last, file, error, next }, now) {
  const due = next === null ? "" : ` The next is due on ${formatDay(next)}.`;
  if (error !== null) return { state: "bad", text: `The last backup failed: ${error}.${due}` };
  if (last !== null)
    return { state: "good", text: `Made ${formatSpan(now - last)} ago${file ? `, as ${file}` : ""}.${due}` };
  return { state: "none", text: next === null ? "None is planned. Set [backup] in config.ini." : `None yet.${due}` };
}

/** Rules of retention that say anything: [pattern, raw, 1 min, 15 min, 1 h, 1 d]. */
export function rules(retention) {
  return retention.map((one) => [
    one.pattern,
    ...["raw", "rollup_1m", "rollup_15m", "rollup_1h", "rollup_1d"].map((level) => formatKept(one[level])),
  ]);
}

/** What was found damaged, as [time, what, seen]; the newest first, as the server sends it. */
export function findings({ found }) {
  return found.map(({ time, kind, place, acknowledged }) => [
    time,
    kind === "file" ? `the database, put aside in ${place}` : `a row of ${place}`,
    acknowledged !== null,
  ]);
}
