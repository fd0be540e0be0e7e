/**
 * The recent past of one text series for a tile: buckets of `step` ms with the newest time and text of each. Filled from
 * history and kept by live readings, as Spark is for numbers.
 */
import { learn } from "telltale/core/interval.js";
import { BUCKETS } from "telltale/core/spark.js";
import { stretches } from "telltale/core/strips.js";

/** Times of live readings that are kept to learn the interval. */
const TIMES = 64;

export class Timeline {
  /** bucket number -> [time, text] */
  #buckets = new Map();
  #times = [];
  #hint = null;
  #width;

  constructor(range, buckets = BUCKETS) {
    this.range = range;
    this.step = Math.max(1, Math.ceil(range / buckets));
    this.#width = this.step;
  }

  /** The usual time between two readings in ms, or null. */
  get interval() {
    return learn(this.#times) ?? this.#hint;
  }

  /** A reading; late ones too. */
  put(t, text) {
    this.#keep(t, text);
    const last = this.#times.at(-1) ?? -Infinity;
    if (t <= last) return;
    this.#times.push(t);
    if (this.#times.length > 2 * TIMES) this.#times = this.#times.slice(-TIMES);
  }

  /** The answer of history, as columns; a number among them is none. What came in by itself is newer and stays. */
  load(answer) {
    if (!answer?.t.length || !answer.v) return;
    const { t: times, v, count, resolution } = answer;
    const raw = resolution === "raw";
    const live = this.#times;
    if (raw) this.#times = [];
    else {
      const counts = [...(count ?? [1])].sort((a, b) => a - b);
      this.#width = Math.max(this.step, resolution);
      this.#hint = resolution / Math.max(1, counts[counts.length >> 1]);
    }
    times.forEach((t, i) => {
      if (typeof v[i] !== "string") return;
      if (raw) this.put(t, v[i]);
      else this.#keep(t, v[i]);
    });
    const newest = this.#times.at(-1) ?? -Infinity;
    if (raw) this.#times.push(...live.filter((t) => t > newest));
  }

  /** Take over what another one got by itself since `t` (ms). */
  follow(other, t) {
    for (const [at, text] of other.#buckets.values()) if (at >= t - 2 * this.step) this.#keep(at, text);
    const newest = this.#times.at(-1) ?? -Infinity;
    this.#times.push(...other.#times.filter((one) => one > newest));
  }

  /** Forget what is no longer shown at `now`; what held before it stays. */
  trim(now) {
    const first = Math.floor((now - this.range) / this.step) - 1;
    const old = [...this.#buckets.keys()].filter((key) => key < first).sort((a, b) => a - b);
    for (const key of old.slice(0, -1)) this.#buckets.delete(key);
  }

  /** What to draw at `now`: [{from, to, value}], times in ms. */
  boxes(now) {
    const rows = [...this.#buckets.keys()].sort((a, b) => a - b).map((key) => this.#buckets.get(key));
    const columns = { t: rows.map(([t]) => t), v: rows.map(([, text]) => text) };
    const stretch = { columns, interval: this.interval, resolution: this.#width, rawFrom: Infinity };
    return stretches(stretch, now - this.range, now, now);
  }

  #keep(t, text) {
    const key = Math.floor(t / this.step);
    const one = this.#buckets.get(key);
    if (!one || t >= one[0]) this.#buckets.set(key, [t, text]);
  }
}
