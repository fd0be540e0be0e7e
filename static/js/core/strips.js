/** States over time, as stretches: a state holds until the next reading, and a gap is a gap. Times in ms. */
import { breaks } from "telltale/core/interval.js";
import { lowerBound } from "telltale/core/columns.js";

/**
 * The stretches [{from, to, value}] of the columns within a span. What begins before the span is cut at its start; the
 * last one ends where its reading was, or an interval after it while it still may hold.
 */
export function stretches(stretch, from, to, now) {
  const { t, v } = stretch.columns;
  const n = t.length;
  if (!n) return [];
  const first = Math.max(0, lowerBound(t, from) - 1);
  const broken = new Set(breaks(t, first, n - 1, stretch));
  const found = [];
  for (let i = first; i < n && t[i] < to; i += 1) {
    const gap = i + 1 === n || broken.has(i + 1);
    const hold = stretch.interval ?? 0;
    const next = i + 1 < n ? t[i + 1] : Infinity;
    const end = gap ? Math.min(t[i] + hold, next, i + 1 === n ? Math.max(now, t[i]) : Infinity) : next;
    const last = found.at(-1);
    if (last && last.value === v[i] && last.to === t[i]) last.to = end;
    else found.push({ from: t[i], to: end, value: v[i] });
  }
  return found
    .map((one) => ({ ...one, from: Math.max(one.from, from), to: Math.min(one.to, to) }))
    .filter((one) => one.to >= one.from && one.to > from);
}
