/**
 * What the times of a series say about its sender: the usual interval, where the line is broken, when it is stale.
 * Times and spans in ms.
 */

/** Differences that are looked at: enough for a firm median, few enough to follow a new interval soon. */
const WINDOW = 64;
/** Steps on each side of one that say what was usual there. */
const BESIDE = 8;
/** Below this nothing is called a gap or stale: networks and batching delay readings by seconds. */
export const LEAST = 5_000;

/** The median interval of the newest times, or null while there are fewer than two. */
export function learn(times) {
  const n = times.length;
  if (n < 2) return null;
  const differences = [];
  for (let i = Math.max(1, n - WINDOW); i < n; i += 1) differences.push(times[i] - times[i - 1]);
  differences.sort((a, b) => a - b);
  return differences[differences.length >> 1];
}

/**
 * The longest step that a line bridges. One missed reading makes a step of twice the interval, so 1.5 tells it from
 * jitter. Between buckets a step is a multiple of their width, whatever the interval within.
 */
export function gapLimit(interval, resolution = 0) {
  return Math.max(1.5 * (interval ?? 0) + resolution, LEAST);
}

/** The median of the steps beside step i, which tells a slower sender from a gap; null: too few. */
function around(times, i) {
  const steps = [];
  const last = Math.min(times.length - 1, i + BESIDE);
  for (let k = Math.max(1, i - BESIDE); k <= last; k += 1) if (k !== i) steps.push(times[k] - times[k - 1]);
  return steps.length < BESIDE ? null : steps.sort((a, b) => a - b)[steps.length >> 1];
}

/** Indices i in first+1..last where the line is broken between i-1 and i; buckets lie before `rawFrom`. */
export function breaks(times, first, last, { interval, resolution = 0, rawFrom = -Infinity }) {
  const raw = gapLimit(interval);
  const coarse = gapLimit(interval, resolution);
  const found = [];
  for (let i = Math.max(1, first + 1); i <= last; i += 1) {
    const step = times[i] - times[i - 1];
    if (step <= (times[i - 1] < rawFrom ? coarse : raw)) continue;
    if (times[i - 1] < rawFrom || step > gapLimit(around(times, i))) found.push(i);
  }
  return found;
}

/** Age above which a value no longer counts as live. */
export function staleAfter(interval) {
  return Math.max(3 * (interval ?? 0), LEAST);
}
