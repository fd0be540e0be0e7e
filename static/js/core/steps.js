/** Going through a chart by keys, from point to point, and what stands at each in words. Times in ms. */
import { formatMoment, formatValue, titleOf } from "telltale/core/format.js";
import { nearest } from "telltale/core/lines.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };

/** Where a key goes from `at` (null: nowhere yet) among sorted times; null: it goes nowhere. */
export function stepped(key, times, at) {
  if (!Object.hasOwn(STEPS, key) || !times.length) return null;
  const step = STEPS[key];
  const last = times.length - 1;
  const now = at === null ? null : nearest(times, at);
  const next = now === null && Number.isFinite(step) ? (step < 0 ? last : 0) : (now ?? 0) + step;
  return times[Math.min(last, Math.max(0, next))];
}

/** What lines ({series, name, stretch}) have at a time of theirs. */
export function toldAt(lines, t, now) {
  const told = lines.flatMap(({ series, name, stretch }) => {
    const { columns } = stretch;
    const at = nearest(columns.t, t);
    if (at === null || columns.t[at] !== t) return [];
    const value = series.kind === "boolean" ? columns.v[at] === 1 : columns.v[at];
    return [`${name ?? titleOf(series)} ${formatValue(value, series.decimals)} ${series.unit ?? ""}`.trim()];
  });
  return `${formatMoment(t, now)}: ${told.join(", ")}`;
}
