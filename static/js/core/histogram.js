/** How often which values occur: bins of a round width, each value in one bin, the highest in the last. Pure. */
import { percentile } from "telltale/core/statistics.js";

const MOST = 60;

/** The next 1, 2 or 5 times a power of ten that is not below `width`. */
export function round(width) {
  const power = 10 ** Math.floor(Math.log10(width));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= width * (1 - 1e-9));
}

/**
 * `{width, bins: [{from, to, count}], total, exact}` of a stretch; null without readings. The width is Freedman and
 * Diaconis' (twice the middle half's span over the cube root of n), rounded up so that the edges are round numbers and
 * bins not more than 60. Buckets count as often as they have readings, at their mean: `exact` is then false.
 */
export function histogram({ t, v, count = null, resolution = 0, rawFrom = -Infinity }) {
  if (!v.length) return null;
  const sorted = Float64Array.from(v).sort();
  const [min, max] = [sorted[0], sorted.at(-1)];
  const total = count ? count.reduce((sum, one) => sum + one, 0) : v.length;
  const exact = !(resolution > 0 && t[0] < rawFrom);
  if (min === max) return { width: 0, bins: [{ from: min, to: max, count: total }], total, exact };
  const middle = percentile(sorted, 0.75) - percentile(sorted, 0.25);
  const wanted = (2 * middle) / Math.cbrt(total) || (max - min) / 20;
  const width = round(Math.max(wanted, (max - min) / (MOST - 2)));
  const first = Math.floor(min / width);
  const number = Math.floor(max / width) - first + 1;
  const bins = Array.from({ length: number }, (_, i) => ({ from: edge(first + i, width), to: edge(first + i + 1, width), count: 0 }));
  for (let i = 0; i < v.length; i += 1) {
    let at = Math.min(number - 1, Math.max(0, Math.floor(v[i] / width) - first));
    if (v[i] >= bins[at].to && at < number - 1) at += 1; // 0.3 / 0.1 is less than 3
    if (v[i] < bins[at].from && at > 0) at -= 1;
    bins[at].count += count ? count[i] : 1;
  }
  return { width, bins, total, exact };
}

const edge = (n, width) => Number((n * width).toPrecision(12));
