/**
 * The recent past of one number as few columns, for a line in a tile: buckets of `step` ms with the newest time, the
 * lowest, highest and last value of each. Filled from history and kept by live readings.
 */
import { breaks, learn, staleAfter } from "telltale/core/interval.js";

/** Buckets in what a sparkline shows. */
export const BUCKETS = 120;
/** Times of live readings that are kept to learn the interval. */
const TIMES = 64;
/** A change is a trend if it is more than this share of the spread. */
const NOTABLE = 0.1;

export class Spark {
  /** bucket number -> [time, low, high, last] */
  #buckets = new Map();
  #times = [];
  #hint = null;
  /** Width of the widest buckets that it was filled from, in ms. */
  #width;
  #sorted = null;

  constructor(range, buckets = BUCKETS) {
    this.range = range;
    this.step = Math.max(1, Math.ceil(range / buckets));
    this.#width = this.step;
  }

  /** The usual time between two readings in ms, or null. */
  get interval() {
    return learn(this.#times) ?? this.#hint;
  }

  /** A reading; late ones too. Booleans are 0 and 1. */
  put(t, value) {
    const v = Number(value);
    const key = Math.floor(t / this.step);
    const one = this.#buckets.get(key);
    if (one) {
      one[1] = Math.min(one[1], v);
      one[2] = Math.max(one[2], v);
      if (t >= one[0]) [one[0], one[3]] = [t, v];
    } else {
      this.#buckets.set(key, [t, v, v, v]);
      if (this.#sorted && this.#sorted.at(-1) < key) this.#sorted.push(key);
      else this.#sorted = null;
    }
    const last = this.#times.at(-1) ?? -Infinity;
    if (t <= last) return;
    this.#times.push(t);
    if (this.#times.length > 2 * TIMES) this.#times = this.#times.slice(-TIMES);
  }

  /** The answer of history, as columns, asked for at `now`; what came in by itself is newer and stays. */
  load(answer, now = Infinity) {
    if (!answer?.t.length) return;
    const { t: times, v, min, max, avg, count, resolution } = answer;
    if (resolution === "raw") {
      if (typeof v[0] === "string") return;
      const live = this.#times;
      this.#times = [];
      times.forEach((t, i) => this.put(t, v[i]));
      const newest = this.#times.at(-1) ?? -Infinity;
      this.#times.push(...live.filter((t) => t > newest));
      return;
    }
    if (!avg) return;
    const counts = [...count].sort((a, b) => a - b);
    // a bucket stands at its middle, so the first reading after the last one may be one and a half of it away
    this.#width = Math.max(this.step, 1.5 * resolution);
    this.#hint = resolution / Math.max(1, counts[counts.length >> 1]);
    times.forEach((t, i) => {
      const at = Math.min(t + resolution / 2, now);
      const key = Math.floor(at / this.step);
      const one = this.#buckets.get(key);
      if (!one) this.#buckets.set(key, [at, min[i], max[i], avg[i]]);
      else {
        one[1] = Math.min(one[1], min[i]);
        one[2] = Math.max(one[2], max[i]);
      }
    });
    this.#sorted = null;
  }

  /** Take over what another one got by itself since `t` (ms): it is newer than any answer. */
  follow(other, t) {
    const first = Math.floor(t / this.step) - 2;
    for (const [key, row] of other.#buckets) {
      if (key < first) continue;
      const one = this.#buckets.get(key);
      if (!one) this.#buckets.set(key, [...row]);
      else if (row[0] >= one[0]) this.#buckets.set(key, [row[0], Math.min(one[1], row[1]), Math.max(one[2], row[2]), row[3]]);
    }
    const newest = this.#times.at(-1) ?? -Infinity;
    this.#times.push(...other.#times.filter((one) => one > newest));
    this.#sorted = null;
  }

  /** Forget what is no longer shown at `now`. */
  trim(now) {
    const first = Math.floor((now - this.range) / this.step) - 1;
    for (const key of this.#buckets.keys()) if (key < first) this.#buckets.delete(key);
    if (this.#sorted) this.#sorted = this.#sorted.filter((key) => key >= first);
  }

  /** What to draw: columns by time, and the indices before which the line is broken. */
  columns() {
    this.#sorted ??= [...this.#buckets.keys()].sort((a, b) => a - b);
    const rows = this.#sorted.map((key) => this.#buckets.get(key));
    const t = rows.map((row) => row[0]);
    const gaps = breaks(t, 0, t.length - 1, { interval: this.interval, resolution: this.#width, rawFrom: Infinity });
    return {
      t,
      low: rows.map((row) => row[1]),
      high: rows.map((row) => row[2]),
      last: rows.map((row) => row[3]),
      gaps: new Set(gaps),
    };
  }

  /** Age above which the newest reading no longer counts as live. */
  get staleAfter() {
    return staleAfter(this.interval);
  }
}

/** Lowest and highest of what is drawn, or null; halves, so that the difference of huge values is finite. */
export function extent({ low, high }) {
  if (!low.length) return null;
  let [least, most] = [Infinity, -Infinity];
  for (const value of low) least = Math.min(least, value);
  for (const value of high) most = Math.max(most, value);
  return [least, most];
}

/** Where `value` stands between `least` (0) and `most` (1); in the middle where these are one. */
export function share(value, least, most) {
  if (!(most > least)) return 0.5;
  return (value / 2 - least / 2) / (most / 2 - least / 2);
}

/**
 * Where it is going: "up", "down" or "steady", by the means of the newest quarter and of the one before, against the
 * spread; null where there is too little to say so.
 */
export function trend({ t, last, low, high }, now, range) {
  const newest = mean(t, last, now - range / 4, Infinity);
  const before = mean(t, last, now - range / 2, now - range / 4);
  if (newest === null || before === null) return null;
  const [least, most] = extent({ low, high });
  const change = share(newest, least, most) - share(before, least, most);
  if (!(Math.abs(change) > NOTABLE) || !(most > least)) return "steady";
  return change > 0 ? "up" : "down";
}

function mean(times, values, from, to) {
  let count = 0;
  let sum = 0;
  for (let i = 0; i < times.length; i += 1) {
    if (times[i] < from || times[i] >= to) continue;
    count += 1;
    sum += (values[i] - sum) / count;
  }
  return count < 2 ? null : sum;
}
