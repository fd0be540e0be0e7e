/**
 * What a stretch of one series amounts to: extremes, means, percentiles, integral, time above a level. Pure.
 *
 * A stretch is `{t, v, low, high, count, resolution, rawFrom, interval}`: sorted times (ms) and values (a boolean is 0
 * or 1). Rows before `rawFrom` are buckets of `resolution` ms (0: there are none) whose `v` is the mean, with `low`,
 * `high` and `count` where they are known; `interval` (ms) says what is a gap. Between two readings the value goes in a
 * straight line, or with `hold` stays until the next; a bucket's mean stands for its width; a gap counts for no time.
 */
import { lowerBound } from "telltale/core/columns.js";
import { breaks, learn } from "telltale/core/interval.js";

const HOUR = 3_600_000;
/** The percentiles of a table. */
export const SHARES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/** Times a jittery sender's longer steps may be of its median one before they count as missing readings. */
const JITTER = 3;

/** The step (ms) that nine of ten steps do not exceed, or three times the median if that is less; null: no step. */
export function usualStep(t) {
  if (t.length < 2) return null;
  const steps = Float64Array.from({ length: t.length - 1 }, (_, i) => t[i + 1] - t[i]).sort();
  return Math.min(steps[Math.floor(0.9 * (steps.length - 1))], JITTER * steps[steps.length >> 1]);
}

/** The history API's answer for one series as a stretch; null where there is none, or there is text in it. */
export function stretchFrom(answer) {
  if (!answer?.t?.length || answer.v?.some((value) => typeof value === "string")) return null;
  const { t, v, avg, min, max, count } = answer;
  if (answer.resolution === "raw") return { t, v, resolution: 0, rawFrom: -Infinity, interval: usualStep(t) };
  const width = answer.resolution;
  const usual = count ? [...count].sort((a, b) => a - b)[count.length >> 1] : 1;
  return { t, v: avg, low: min, high: max, count, resolution: width, rawFrom: Infinity, interval: width / usual };
}

/**
 * Everything about the stretch between `from` (included) and `to` (excluded), times in ms:
 * `{count, first, last, min, minAt, max, maxAt, mean, deviation, percentiles, covered, gaps, timeMean, integral, above,
 * exact}`. `mean`, `deviation` and `percentiles` (`[[share, value], …]`) weigh every reading the same, `timeMean` by
 * time. `covered` is the time that is no gap; `integral` is in the unit times hours; `above` is `{ms, least, most}`,
 * three times the same from readings, from buckets an estimate and what it lies between. `exact` is false where buckets
 * make an estimate of percentiles or `above`; buckets with unknown counts have no count, mean and deviation (null).
 * A bucket that an edge cuts counts as a whole among readings, and in part in time. null: nothing is there.
 */
export function statistics(stretch, { from = -Infinity, to = Infinity, level = null, hold = false } = {}) {
  const { t, resolution = 0, rawFrom = -Infinity } = stretch;
  const begin = Math.max(0, lowerBound(t, from));
  const first = begin > 0 && t[begin - 1] < rawFrom && t[begin - 1] + resolution > from ? begin - 1 : begin;
  const end = lowerBound(t, to);
  const read = first < end ? readings(stretch, first, end) : null;
  const time = pieces(stretch, Math.max(0, begin - 1), Math.min(t.length, end), { from, to, level, hold });
  if (read === null && time.covered === 0) return null;
  return { ...(read ?? NOTHING), ...time };
}

const NOTHING = {
  ...{ count: 0, first: null, last: null, min: null, minAt: null, max: null, maxAt: null },
  ...{ mean: null, deviation: null, percentiles: [], exact: true },
};

function readings(stretch, begin, end) {
  const { t, v, low = v, high = v, count = null, rawFrom = -Infinity } = stretch;
  const coarse = t[begin] < rawFrom && (stretch.resolution ?? 0) > 0;
  const counted = !coarse || count !== null;
  let [n, mean, squares, lowest, highest] = [0, 0, 0, begin, begin];
  for (let i = begin; i < end; i += 1) {
    const weight = weightOf(stretch, i);
    n += weight;
    const off = v[i] - mean;
    mean += (off * weight) / n; // Welford: sums of large values would lose what they differ by
    squares += weight * off * (v[i] - mean);
    if (low[i] < low[lowest]) lowest = i;
    if (high[i] > high[highest]) highest = i;
  }
  const ends = { min: low[lowest], minAt: t[lowest], max: high[highest], maxAt: t[highest] };
  return {
    ...{ count: counted ? n : null, first: t[begin], last: t[end - 1], ...ends, mean: counted ? mean : null },
    deviation: coarse || n < 2 ? null : Math.sqrt(squares / (n - 1)),
    percentiles: percentiles(stretch, begin, end).map(([p, x]) => [p, Math.min(ends.max, Math.max(ends.min, x))]),
    exact: !coarse,
  };
}

const weightOf = ({ t, count, rawFrom = -Infinity }, i) => (count && t[i] < rawFrom ? count[i] : 1);

function percentiles(stretch, begin, end) {
  const { t, v, rawFrom = -Infinity } = stretch;
  if (t[begin] >= rawFrom) {
    const sorted = Float64Array.from({ length: end - begin }, (_, i) => v[begin + i]).sort();
    return SHARES.map((share) => [share, percentile(sorted, share)]);
  }
  const order = Array.from({ length: end - begin }, (_, i) => begin + i).sort((a, b) => v[a] - v[b]);
  const values = order.map((i) => v[i]);
  const weights = order.map((i) => weightOf(stretch, i));
  return SHARES.map((share) => [share, weighted(values, weights, share)]);
}

/** The value below which `share` (0…1) of sorted values lies, in a straight line between the two nearest. */
export function percentile(sorted, share) {
  const rank = share * (sorted.length - 1);
  const below = Math.floor(rank);
  return between(sorted[below], sorted[Math.min(below + 1, sorted.length - 1)], rank - below);
}

/** The same of sorted values of which each stands `weights[i]` times. */
export function weighted(sorted, weights, share) {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const rank = share * (total - 1);
  const below = Math.floor(rank);
  let [seen, index] = [weights[0], 0];
  while (seen <= below && index < sorted.length - 1) seen += weights[(index += 1)];
  const next = seen > below + 1 ? index : Math.min(index + 1, sorted.length - 1);
  return between(sorted[index], sorted[next], rank - below);
}

const between = (a, b, share) => (a === b ? a : a + (b - a) * share);

/** What needs time: each piece from one row to the next, cut at `from` and `to`. */
function pieces(stretch, begin, end, { from, to, level, hold }) {
  const { t, v, low = v, high = v, resolution = 0, rawFrom = -Infinity } = stretch;
  const broken = new Set(breaks(t, begin, Math.min(end, t.length - 1), { ...stretch, interval: stretch.interval ?? learn(t) }));
  const sum = { covered: 0, area: 0, ms: 0, least: 0, most: 0, gaps: 0 };
  for (let i = begin; i < end; i += 1) {
    const next = i + 1 < t.length && !broken.has(i + 1) ? i + 1 : null;
    const bucket = resolution > 0 && t[i] < rawFrom;
    if (broken.has(i + 1) && t[i + 1] >= from && t[i] < to) sum.gaps += 1;
    const until = next !== null ? t[next] : bucket ? t[i] + resolution : t[i];
    const [a, b] = [Math.max(t[i], from), Math.min(until, to)];
    if (b <= a) continue;
    const flat = bucket || hold || next === null;
    const slope = flat ? 0 : (v[next] - v[i]) / (until - t[i]);
    const [left, right] = [v[i] + slope * (a - t[i]), v[i] + slope * (b - t[i])];
    sum.covered += b - a;
    sum.area += ((left + right) / 2) * (b - a);
    if (level === null) continue;
    const [least, share, most] = bucket ? shares(low[i], high[i], level) : Array(3).fill(over(left, right, level));
    sum.least += least * (b - a);
    sum.ms += share * (b - a);
    sum.most += most * (b - a);
  }
  return {
    ...{ covered: sum.covered, gaps: sum.gaps, integral: sum.area / HOUR },
    timeMean: sum.covered ? sum.area / sum.covered : null,
    above: level === null ? null : { ms: sum.ms, least: sum.least, most: sum.most },
  };
}

/** The share of a straight line from `a` to `b` that lies above the level. */
function over(a, b, level) {
  if (a > level && b > level) return 1;
  if (a <= level && b <= level) return 0;
  return (Math.max(a, b) - level) / Math.abs(b - a);
}

/** Of a bucket: the least, likely (all between lowest and highest alike) and greatest share above the level. */
function shares(low, high, level) {
  if (low > level) return [1, 1, 1];
  return high <= level ? [0, 0, 0] : [0, (high - level) / (high - low), 1];
}
