/**
 * How far two series go together. They are aligned first: both are averaged over the same steps of time, and a pair is a
 * step in which both have readings. Nothing is interpolated, so a pair is never made of what was not measured. Pure.
 */
import { t } from "telltale/core/words.js";

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
/** Widths (ms) of a step. */
export const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12, 24].map((n) => n * HOUR),
];

/** The shortest step in which both stretches usually have a reading. */
export function stepFor(a, b) {
  const least = Math.max(a.resolution ?? 0, b.resolution ?? 0, a.interval ?? 0, b.interval ?? 0);
  return STEPS.find((step) => step >= least) ?? STEPS.at(-1);
}

/** Means per step as `Map(start, mean)`; a bucket counts as often as it has readings. */
function means({ t, v, count = null }, step) {
  const sums = new Map();
  for (let i = 0; i < t.length; i += 1) {
    const start = Math.floor(t[i] / step) * step;
    const weight = count ? count[i] : 1;
    const sum = sums.get(start);
    if (sum) {
      sum[0] += v[i] * weight;
      sum[1] += weight;
    } else sums.set(start, [v[i] * weight, weight]);
  }
  return new Map([...sums].map(([start, [sum, weight]]) => [start, sum / weight]));
}

/** The pairs of two stretches in steps of `step` ms: `{t, x, y, alone: [steps only in a, only in b]}`. */
export function aligned(a, b, step) {
  const [left, right] = [means(a, step), means(b, step)];
  const pairs = { t: [], x: [], y: [], alone: [0, 0] };
  for (const [start, x] of left) {
    if (!right.has(start)) continue;
    pairs.t.push(start);
    pairs.x.push(x);
    pairs.y.push(right.get(start));
  }
  pairs.alone = [left.size - pairs.t.length, right.size - pairs.t.length];
  return pairs;
}

/**
 * `{n, independent, r, rank, slope, intercept}` of pairs in order of time: Pearson's and Spearman's coefficient and the
 * line of least squares; null where one side does not vary or there are fewer than three pairs. `independent` is how
 * many independent pairs they are worth, for neighbours in time are alike: n (1 - ab) / (1 + ab) by the lag-one
 * autocorrelations a and b (Bartlett 1935), between 2 and n.
 */
export function correlation({ x, y }) {
  const n = x.length;
  const nothing = { n, independent: n, r: null, rank: null, slope: null, intercept: null };
  if (n < 3) return nothing;
  const [mx, my, sxx, syy, sxy] = moments(x, y);
  if (!(sxx > 0 && syy > 0)) return nothing;
  const alike = lag(x, mx, sxx) * lag(y, my, syy);
  const independent = Math.round(Math.min(n, Math.max(2, (n * (1 - alike)) / (1 + alike))));
  const [, , rxx, ryy, rxy] = moments(ranks(x), ranks(y));
  const slope = sxy / sxx;
  return { n, independent, r: bound(sxy, sxx, syy), rank: bound(rxy, rxx, ryy), slope, intercept: my - slope * mx };
}

const bound = (xy, xx, yy) => Math.max(-1, Math.min(1, xy / Math.sqrt(xx) / Math.sqrt(yy)));

function moments(x, y) {
  const n = x.length;
  const [mx, my] = [x, y].map((all) => all.reduce((sum, one) => sum + one / n, 0));
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < n; i += 1) {
    const [dx, dy] = [x[i] - mx, y[i] - my];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  // what is left of rounding is no variation
  const real = (sum, mean) => (sum > n * (Math.abs(mean) * 1e-14) ** 2 ? sum : 0);
  return [mx, my, real(xx, mx), real(yy, my), xy];
}

function lag(values, mean, squares) {
  let sum = 0;
  for (let i = 1; i < values.length; i += 1) sum += (values[i] - mean) * (values[i - 1] - mean);
  return sum / squares;
}

/** Ranks from 1; equal values share the mean of theirs. */
export function ranks(values) {
  const order = Array.from(values.keys()).sort((a, b) => values[a] - values[b]);
  const found = new Array(values.length);
  for (let i = 0; i < order.length; ) {
    let end = i + 1;
    while (end < order.length && values[order[end]] === values[order[i]]) end += 1;
    for (let k = i; k < end; k += 1) found[order[k]] = (i + 1 + end) / 2;
    i = end;
  }
  return found;
}

/** How strong a coefficient is, in a word (Evans 1996): very weak, weak, moderate, strong, very strong. */
export function strength(r) {
  const words = [t("very weak"), t("weak"), t("moderate"), t("strong"), t("very strong")];
  return words[Math.min(4, Math.floor(Math.abs(r) / 0.2))];
}
