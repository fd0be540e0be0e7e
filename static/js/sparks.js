/**
 * The recent past of the series whose tiles are near the screen: fetched many at once and coarse, then kept by live
 * readings. It is fetched again where history is not what was pushed.
 */
import { model } from "telltale/context.js";
import { stateOf } from "telltale/core/overview.js";
import { BUCKETS, Spark } from "telltale/core/spark.js";
import { Timeline } from "telltale/core/timeline.js";

/** Series in one request. */
const BATCH = 40;

const lineOf = (series, range) => (series.kind === "text" ? new Timeline(range) : new Spark(range));

/** A text does not go into a line of numbers, nor a number into a timeline. */
function put({ spark }, latest) {
  if (latest && (typeof latest.v === "string") === spark instanceof Timeline) spark.put(latest.t, latest.v);
}

class Sparks {
  /** name -> the interval that its history shows, in ms or null. */
  #known = new Map();
  /** name -> {series, range, spark, loaded, told} */
  #shown = new Map();
  #running = false;

  constructor(model) {
    this.model = model;
    model.addEventListener("forget", () => this.#again(() => true));
    model.addEventListener("refetch", ({ detail }) => {
      const names = new Set(detail.map(([name]) => name));
      this.#again((one) => names.has(one.series.name));
    });
  }

  /** Keep the last `range` ms of a series, call `told()` when it is there; returns {spark, loaded} and `end()`; `spark` is a Timeline of texts. */
  show(series, range, told) {
    const key = {};
    const one = { series, range, spark: lineOf(series, range), loaded: false, told };
    put(one, series.latest);
    const stop = this.model.watch(series, () => put(one, series.latest));
    this.#shown.set(key, one);
    this.#check();
    one.end = () => {
      stop();
      this.#shown.delete(key);
    };
    return one;
  }

  /** live, stale or offline, by the server's time. */
  state(device, series) {
    const known = this.#known.has(series.name);
    const interval = this.#known.get(series.name) ?? series.main.interval;
    return stateOf(device, series, { interval, known: known || series.loaded, now: this.model.clock.now() });
  }

  /** Learn the intervals of these series, if they are not known; `told()` is called when some are. */
  learn(all, range, told) {
    for (const series of all) {
      if (this.#known.has(series.name)) continue;
      const one = this.show(series, range, () => {
        one.end();
        told();
      });
    }
  }

  #again(which) {
    for (const one of this.#shown.values()) if (which(one)) one.loaded = false;
    this.#check();
  }

  #check() {
    if (this.#running) return;
    this.#running = true;
    queueMicrotask(() => this.#run());
  }

  async #run() {
    for (;;) {
      const waiting = [...this.#shown.values()].filter((one) => !one.loaded);
      const batch = waiting.filter((one) => one.range === waiting[0].range).slice(0, BATCH);
      if (!batch.length) break;
      for (const one of batch) one.loaded = null; // asked for
      await this.#load(batch);
    }
    this.#running = false;
  }

  async #load(batch) {
    const now = this.model.clock.now();
    const names = [...new Set(batch.map((one) => one.series.name))];
    const answer = await this.model.api.getSurely("api/history", [
      ...names.map((name) => ["series", name]),
      ["from", Math.floor(now - batch[0].range)],
      ["to", Math.ceil(now + 600_000)],
      ["points", BUCKETS],
    ]);
    for (const one of batch) {
      const fresh = lineOf(one.series, one.range);
      fresh.load(answer?.series[one.series.name] ?? null, now);
      if (fresh.constructor === one.spark.constructor) fresh.follow(one.spark, now);
      one.spark = fresh;
      this.#known.set(one.series.name, fresh.interval);
      if (one.loaded === null) one.loaded = true;
      one.told();
    }
  }
}

/** The ones of the page. */
export const sparks = new Sparks(model);
