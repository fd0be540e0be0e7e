/**
 * Times as people write them: `now`, `now-6h`, `-15m`, ms since 1970, ISO 8601 (in the chosen zone where it names none), and a
 * day or minute such as `2026-11-21 10:00`. The relative ones are the grammar of the API.
 */
import { fromWall } from "telltale/core/zone.js";

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const RELATIVE = /^(?:now)?\s*([+-])\s*(\d{1,12})\s*(ms|[smhdw])$/;
const LOCAL = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?$/;
/** The furthest ms from 1970 that a Date knows. */
const LIMIT = 8_640_000_000_000_000;

const local = (year, month, day, ...time) => fromWall(Date.UTC(year, month - 1, day, ...time));

/** The ms that a text means at `now`, or null. `at(...parts)` makes ms of a civil time: by the chosen zone if not given. */
export function parseMoment(text, now, at = local) {
  const wanted = text.trim();
  if (wanted === "now") return now;
  const relative = RELATIVE.exec(wanted);
  if (relative) return inRange(now + (relative[1] === "-" ? -1 : 1) * Number(relative[2]) * UNITS[relative[3]]);
  if (/^[+-]?\d{6,17}$/.test(wanted)) return inRange(Number(wanted));
  const civil = LOCAL.exec(wanted);
  if (civil) {
    const [year, month, day] = civil[1].split("-").map(Number);
    const [hour, minute, second] = civil.slice(2, 5).map((part) => Number(part ?? 0));
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 59) return null;
    return inRange(at(year, month, day, hour, minute, second, Number((civil[5] ?? "").padEnd(3, "0"))));
  }
  return /^\d{4}-\d{2}-\d{2}T.*(?:Z|[+-]\d{2}:?\d{2})$/i.test(wanted) ? inRange(Date.parse(wanted)) : null;
}

/**
 * What two texts mean: {range} (live: from `now-…` to `now`), {from, to}, or {problem}: "from", "to" or "order".
 */
export function parseSpan(from, to, now, at = local) {
  const [begin, end] = [parseMoment(from, now, at), parseMoment(to || "now", now, at)];
  if (begin === null) return { problem: "from" };
  if (end === null) return { problem: "to" };
  if (end <= begin) return { problem: "order" };
  const relative = RELATIVE.test(from.trim());
  return relative && (to.trim() || "now") === "now" ? { range: end - begin } : { from: begin, to: end };
}

/** A length in ms as the grammar writes it: 6h, 90m, 7d. */
export function formatLength(length) {
  const [unit] = Object.keys(UNITS)
    .filter((one) => one !== "w" && length % UNITS[one] === 0)
    .slice(-1);
  return `${length / UNITS[unit]}${unit}`;
}

const inRange = (t) => (Number.isFinite(t) && Math.abs(t) <= LIMIT ? t : null);
