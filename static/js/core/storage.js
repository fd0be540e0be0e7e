/** What `GET /api/storage` says, as people read it. Sizes in bytes, times and ages in ms; null: not known, or none. */
import { formatCount as number, formatDay, formatSpan } from "telltale/core/format.js";
import { locale, plural, t } from "telltale/core/words.js";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const DAY = 86_400_000;
const AGES = [
  [365 * DAY, (n) => plural(n, "{n} year", "{n} years")],
  [7 * DAY, (n) => plural(n, "{n} week", "{n} weeks")],
  [DAY, (n) => plural(n, "{n} day", "{n} days")],
  [3_600_000, (n) => plural(n, "{n} hour", "{n} hours")],
  [60_000, (n) => plural(n, "{n} minute", "{n} minutes")],
];
const seconds = (n) => plural(n, "{n} second", "{n} seconds");
/** From this share of the room on, the meter warns. */
const TIGHT = 0.9;

/** 512 B, 1.5 KiB, 12.3 GiB. */
export function formatBytes(bytes) {
  let [size, unit] = [bytes, 0];
  while (size >= 1023.5 && unit < UNITS.length - 1) [size, unit] = [size / 1024, unit + 1];
  const digits = unit && size < 100 ? 1 : 0;
  const shown = size.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${shown} ${UNITS[unit]}`;
}

/** How long something is kept: 90 days, 2 years, for ever. */
export function formatKept(age) {
  if (age === null) return t("for ever");
  const [length, words] = AGES.find(([one]) => age >= one && age % one === 0) ?? [1_000, seconds];
  return words(age / length);
}

/** What is used of the room there is: {used, room, share, tight, text}. The room is the quota, else what is free. */
export function usage({ files, quota, disk_free: free }) {
  const room = quota ?? files.total + free;
  const share = room > 0 ? Math.min(1, files.total / room) : 1;
  const sizes = { used: formatBytes(files.total), room: formatBytes(room) };
  const text =
    quota === null
      ? t("{used} of {room} that the disk has for it", sizes)
      : t("{used} of {room} of the quota", sizes);
  return { used: files.total, room, share, tight: share >= TIGHT, text };
}

/** When the room is used up, in words. */
export function forecast({ full_on: full, quota, rates }, now) {
  if (rates.stored_bytes_per_day === null) return t("The forecast needs some hours of readings.");
  if (full === null) return t("At this rate the room lasts.");
  const when = full <= now ? t("now") : t("in {span}", { span: formatSpan(full - now) });
  const values = { day: formatDay(full), when };
  if (quota === null) return t("At this rate the disk is full on {day}, {when}.", values);
  return t("At this rate the quota is reached, and the oldest readings go, on {day}, {when}.", values);
}

/** The figures, as [name, text, what it means]. */
export function figures(storage, now) {
  const { files, readings, rates } = storage;
  const bytes = (size) => (size === null ? t("not known yet") : t("{size} a day", { size: formatBytes(size) }));
  const arriving = rates.readings_per_day;
  const lost = [t("Lost"), number(readings.lost ?? 0), t("stored once, and damaged beyond repair")];
  return [
    ...(readings.lost ? [lost] : []),
    [t("Readings kept"), number(readings.stored + readings.unsealed), t("sealed, and the newest that are not sealed yet")],
    [t("Oldest"), storage.oldest === null ? t("none") : formatDay(storage.oldest), t("the first reading that is kept")],
    [t("Repeats"), number(readings.duplicate), t("readings that came again, kept once")],
    [t("Deleted"), number(readings.deleted), t("by retention, the quota and corrections")],
    [
      t("Arriving"),
      arriving === null ? t("not known yet") : plural(Math.round(arriving), "{n} reading a day", "{n} readings a day"),
      t("from all devices together"),
    ],
    [t("Growing"), bytes(rates.stored_bytes_per_day), t("what the readings take once they are sealed")],
    [t("Written"), bytes(rates.written_bytes_per_day), t("what wears the card")],
    [
      t("Database"),
      formatBytes(files.database),
      t("with the log, {size} hold data", { size: formatBytes(storage.live) }),
    ],
    [t("Write-ahead log"), formatBytes(files.wal), t("commits on their way into the database")],
    [t("Reserve"), formatBytes(files.reserve), t("given up to clean a disk that is full")],
    [
      t("Not sealed yet"),
      sealing(storage, now),
      t("the newest readings wait to be compressed; they are safe already"),
    ],
  ];
}

function sealing({ readings, sealed_until: until }, now) {
  const { unsealed } = readings;
  if (!unsealed) return t("none");
  const count = plural(unsealed, "{n} reading", "{n} readings");
  return until === null ? count : t("{count}, the last {span}", { count, span: formatSpan(now - until) });
}

/** The state of backups: {state: "none" | "good" | "bad", text}. */
export function backups({ last, file, error, next }, now) {
  const due = next === null ? "" : ` ${t("The next is due on {day}.", { day: formatDay(next) })}`;
  if (error !== null) return { state: "bad", text: `${t("The last backup failed: {error}.", { error })}${due}` };
  if (last !== null) {
    const span = formatSpan(now - last);
    const made = file ? t("Made {span} ago, as {file}.", { span, file }) : t("Made {span} ago.", { span });
    return { state: "good", text: `${made}${due}` };
  }
  if (next === null) return { state: "none", text: t("None is planned. Set [backup] in config.ini.") };
  return { state: "none", text: `${t("None yet.")}${due}` };
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
    kind === "file" ? t("the database, put aside in {place}", { place }) : t("a row of {place}", { place }),
    acknowledged !== null,
  ]);
}
