/**
 * The lines of a chart, apart from drawing: columns on one time axis, which lines share a chart, what is hidden. A line
 * is `{key, series, …}`; a stretch as in core/series.js.
 */
import { lowerBound } from "telltale/core/columns.js";

/** What is beyond this is drawn here: the span from one such value to another must be a number, and so must its margins. */
export const HUGE = Number.MAX_VALUE / 8;
/** Columns of one line: value, lowest, highest. */
export const WIDTH = 3;

/**
 * Several stretches as columns for uPlot: [t, then value, lowest, highest of each]. A time that a stretch does not have
 * is undefined there, over which its line goes on. Stretches of the same times are given as they are, not copied.
 */
export function joined(stretches) {
  const own = stretches.map(({ columns }) => columns.t);
  // what one device sends together has the same times
  if (own.every((one) => same(one, own[0]))) {
    return [own[0], ...stretches.flatMap(({ columns }) => columns.all.slice(1).map(drawable))];
  }
  const times = union(own);
  const found = [times];
  for (const { columns } of stretches) {
    const [t, v, low, high] = columns.all.map(drawable);
    const rows = Array.from({ length: WIDTH }, () => new Array(times.length));
    const [values, lows, highs] = rows;
    for (let i = 0, at = 0; i < t.length; i += 1, at += 1) {
      while (times[at] !== t[i]) at += 1;
      values[at] = v[i];
      lows[at] = low[i];
      highs[at] = high[i];
    }
    found.push(...rows);
  }
  return found;
}

/** A column without what no axis can hold; itself where there is nothing of the kind. */
function drawable(column) {
  for (let i = 0; i < column.length; i += 1) {
    if (column[i] > HUGE || column[i] < -HUGE) return column.map((one) => Math.min(Math.max(one, -HUGE), HUGE));
  }
  return column;
}

const same = (a, b) => a === b || (a.length === b.length && a.every((t, i) => t === b[i]));

/** All times of sorted columns, each once, sorted. */
export function union(all) {
  if (all.length <= 1) return Float64Array.from(all[0] ?? []);
  const half = all.length >> 1;
  return merged(union(all.slice(0, half)), union(all.slice(half)));
}

function merged(a, b) {
  const times = new Float64Array(a.length + b.length);
  let n = 0;
  for (let i = 0, j = 0; i < a.length || j < b.length; n += 1) {
    const t = j === b.length || a[i] <= b[j] ? a[i] : b[j];
    times[n] = t;
    if (a[i] === t) i += 1;
    if (b[j] === t) j += 1;
  }
  return times.subarray(0, n);
}

/** The row of a stretch nearest to `t`, or null; the earlier of two that are as near. */
export function nearest(times, t) {
  if (!times.length) return null;
  const at = lowerBound(times, t);
  if (at === 0) return 0;
  if (at === times.length) return at - 1;
  return t - times[at - 1] <= times[at] - t ? at - 1 : at;
}

/**
 * Lines as charts of at most two quantities each, in order: `[{lines, axes}]`; `axes` are those on the left and on the
 * right, `{key, label}`. What has no unit is another quantity than what has another metric: it is not known to be the same.
 */
export function panels(lines) {
  const found = [];
  for (const line of lines) {
    const key = axisOf(line);
    let panel = found.find(({ axes }) => axes.some((one) => one.key === key));
    panel ??= found.find(({ axes }) => axes.length < 2);
    if (!panel) found.push((panel = { lines: [], axes: [] }));
    if (!panel.axes.some((one) => one.key === key)) {
      panel.axes.push({ key, label: line.series.unit || line.series.title || line.series.metric });
    }
    panel.lines.push(line);
  }
  return found;
}

/** What tells the axis of a line from others. */
export const axisOf = ({ series }) => (series.unit ? `unit ${series.unit}` : `metric ${series.metric}`);

/** What is hidden after a click on a legend's entry, or with `solo` one that leaves it alone, or shows all again. */
export function toggled(hidden, key, keys, solo = false) {
  if (!solo) {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    return next;
  }
  const others = keys.filter((one) => one !== key);
  const alone = !hidden.has(key) && others.every((one) => hidden.has(one));
  return new Set(alone ? [] : others);
}
