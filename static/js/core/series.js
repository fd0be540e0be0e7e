/**
 * One series in the browser: its names, newest value, and what is loaded of its history, kept whole by live readings.
 *
 * History is fetched while live readings go on. What arrives between `begin` and the end of a fetch is put on top of
 * the answer again, so it does not matter which of the two was first: there is no seam.
 */
import { Columns, lowerBound } from "telltale/core/columns.js";
import { decimalsOf } from "telltale/core/format.js";
import { learn } from "telltale/core/interval.js";

/** Rows that a fetch asks for: an hour of one a second fits as it is. */
export const POINTS = 3_700;
/** Rows above which a series is fetched again in (coarser) buckets. */
export const CAP = 4_500;

/** Newest values of a fetch whose decimals are looked at. */
const MEASURED = 64;

/** What a value is, or null if it is none. */
export function kindOf(value) {
  if (typeof value === "number") return Number.isFinite(value) ? "number" : null;
  return { boolean: "boolean", string: "text" }[typeof value] ?? null;
}

/** A stretch of history: columns from `from` (ms), in buckets of `resolution` ms (0: raw) before `rawFrom`. */
class Stretch {
  constructor(text, from, to, resolution = 0, hint = null) {
    this.columns = new Columns(text);
    this.from = from;
    this.to = to;
    this.resolution = resolution;
    this.hint = hint;
    this.rawFrom = -Infinity;
  }

  /** The learned time between two readings in ms, or null. */
  get interval() {
    const times = this.columns.t;
    const raw = this.resolution ? times.subarray(lowerBound(times, this.rawFrom)) : times;
    return learn(raw) ?? this.hint;
  }
}

export class Series {
  #fetches = new Set();

  constructor(name, device, metric) {
    Object.assign(this, { name, device, metric, title: null, unit: null, kind: "number", latest: null, decimals: 0 });
    /** Thresholds that operators gave it: [{value, above}]. */
    this.limits = [];
    this.main = new Stretch(false, Infinity, Infinity);
    this.detail = null;
    this.loaded = false;
    this.range = 0;
    this.points = POINTS;
    this.version = 0;
  }

  /** A live reading. Returns whether it was one. */
  push(t, value) {
    const kind = kindOf(value);
    if (kind === null) return false;
    if (this.latest === null || t >= this.latest.t) this.latest = { t, v: value };
    this.#become(kindOf(this.latest.v));
    this.#measure(value);
    for (const fetch of this.#fetches) fetch.push([t, value]);
    this.#put(t, value);
    this.version += 1;
    return true;
  }

  /** The newest value as the server has it, for when the one pushed was taken back; null: there is none. */
  correct(fetch, reading) {
    this.latest = reading;
    if (reading !== null) this.#become(kindOf(reading.v));
    this.#replay(fetch);
  }

  /** A fetch begins; keep the result for its end. */
  begin() {
    const fetch = [];
    this.#fetches.add(fetch);
    return fetch;
  }

  abandon(fetch) {
    this.#fetches.delete(fetch);
  }

  /** All of `range` ms has been fetched, from `from` on. */
  load(fetch, answer, from, range) {
    this.main = this.#stretch(answer, from, Infinity);
    this.loaded = true;
    this.range = range;
    answer?.v?.slice(-MEASURED).forEach((value) => this.#measure(value));
    this.#replay(fetch);
  }

  /** The span of a zoom, `asked` ms long, has been fetched, with what is beside it. */
  zoom(fetch, answer, from, to, asked = to - from) {
    this.detail = this.#stretch(answer, from, to);
    this.detail.asked = asked;
    this.#replay(fetch);
  }

  /** History between `from` and `to` (both included) is now what the answer says. */
  patch(fetch, answer, from, to) {
    for (const one of [this.main, this.detail]) {
      if (one === null) continue;
      one.columns.remove(from, to);
      fill(one.columns, answer);
    }
    this.#replay(fetch);
  }

  /** Forget what is older than `t`. If there are still too many rows, the series wants to be fetched again, coarser. */
  trim(t) {
    const { columns } = this.main;
    if (columns.length && columns.t[0] < t) {
      columns.dropBefore(t);
      this.main.from = Math.max(this.main.from, t);
    }
    if (columns.length > CAP) {
      this.loaded = false;
      this.points = POINTS / 2;
    }
    if (columns.length > 1.2 * CAP) columns.keep(CAP);
  }

  #stretch(answer, from, to) {
    const text = typeof answer?.v?.[0] === "string" || (!answer?.t?.length && this.kind === "text");
    const buckets = answer?.resolution === "raw" ? 0 : (answer?.resolution ?? 0);
    const hint = buckets && answer.count ? buckets / Math.max(1, median(answer.count)) : null;
    const one = new Stretch(text, from, to, buckets, hint);
    fill(one.columns, answer);
    if (one.columns.length && buckets) one.rawFrom = one.columns.t[one.columns.length - 1] + 1;
    return one;
  }

  #replay(fetch) {
    this.#fetches.delete(fetch);
    for (const [t, value] of fetch) {
      if (this.latest === null || t >= this.latest.t) this.latest = { t, v: value };
      this.#put(t, value);
    }
    this.version += 1;
  }

  #put(t, value) {
    const text = typeof value === "string";
    for (const one of [this.main, this.detail]) {
      if (one !== null && t < one.to && one.columns.text === text) one.columns.put(t, text ? value : Number(value));
    }
  }

  /** Learn with how many decimals the sender writes. */
  #measure(value) {
    if (this.kind === "number") this.decimals = Math.max(this.decimals, decimalsOf(value));
  }

  #become(kind) {
    if ((kind === "text") !== (this.kind === "text")) {
      this.main = new Stretch(kind === "text", Infinity, Infinity);
      this.detail = null;
      this.loaded = false;
    }
    this.kind = kind;
  }
}

function fill(columns, answer) {
  if (!answer) return;
  const { t, v, avg, min, max, count } = answer;
  for (let i = 0; i < t.length; i += 1) {
    if (v) {
      if ((typeof v[i] === "string") === columns.text) columns.put(t[i], v[i]);
    } else if (!columns.text) columns.put(t[i], avg[i], min[i], max[i], count?.[i]);
  }
}

function median(list) {
  return list.slice(-64).sort((a, b) => a - b)[Math.min(list.length, 64) >> 1] ?? 1;
}
