/**
 * Fetches history for the series that are on screen, a few requests at a time, and again for spans that have changed.
 * Series that no one looks at cost the server nothing.
 */
import { POINTS } from "telltale/core/series.js";
import { wanted } from "telltale/core/view.js";

/** Series in one request. */
const BATCH = 12;
/** Spans that are fetched one by one; more, and everything on screen is loaded again. */
const SPANS = 100;

export class Loader {
  #visible = new Map();
  #running = false;
  #spans = new Map();

  constructor(api, clock, view, series) {
    Object.assign(this, { api, clock, view, series, onload: () => {} });
  }

  /** The series has come on screen; `who` shows it, in a view of its own if it has one (`who.own`). */
  show(series, who = this) {
    const all = this.#visible.get(series) ?? new Set();
    this.#visible.set(series, all.add(who));
    this.check();
  }

  /** It has left the screen. */
  hide(series, who = this) {
    const all = this.#visible.get(series);
    all?.delete(who);
    if (!all?.size) this.#visible.delete(series);
  }

  /** The view, or what is loaded, has changed. */
  check() {
    if (this.#running) return;
    this.#running = true;
    queueMicrotask(() => this.#run());
  }

  /** Everything may have changed: load again what is on screen, the rest when it is looked at. */
  reset() {
    this.#spans.clear();
    for (const one of this.series.values()) {
      one.loaded = false;
      one.detail = null;
    }
    this.check();
  }

  /** Spans `[series, from, to]` of history are not what was pushed. */
  refetch(spans) {
    for (const [name, from, to] of spans) {
      const known = this.#spans.get(name);
      this.#spans.set(name, known ? [Math.min(known[0], from), Math.max(known[1], to)] : [from, to]);
    }
    if (this.#spans.size > SPANS) this.reset();
    else this.check();
  }

  async #run() {
    for (;;) {
      const batch = this.#next();
      if (batch.length) await this.#load(batch);
      else if (this.#spans.size) await this.#patch();
      else break;
    }
    this.#running = false;
  }

  #next() {
    const now = this.clock.now();
    const batch = [];
    for (const [series, shown] of this.#visible) {
      // a series has one stretch beside its main one, so it follows one view
      const view = [...shown].findLast((who) => who.own)?.own ?? this.view;
      const want = wanted(series, view, now);
      if (want && same(want, batch[0]?.want)) batch.push({ series, want });
      if (batch.length === BATCH) break;
    }
    return batch;
  }

  async #load(batch) {
    const { want } = batch[0];
    const { range } = this.view;
    const fetches = batch.map(({ series }) => ({ series, fetch: series.begin() }));
    const answer = await this.#history(
      batch.map(({ series }) => series.name),
      want.from,
      want.to,
      want.points,
    );
    for (const { series, fetch } of fetches) {
      const rows = answer?.series[series.name] ?? null;
      if (want.main) series.load(fetch, rows, want.from, range);
      else series.zoom(fetch, rows, want.from, want.to, want.asked);
      this.onload(series);
    }
  }

  async #patch() {
    const [name, span] = this.#spans.entries().next().value;
    this.#spans.delete(name);
    const series = this.series.get(name);
    if (!series) return;
    await this.#latest(series);
    const width = series.main.resolution || 1;
    const from = Math.max(Math.floor(span[0] / width) * width, Math.floor(series.main.from / width) * width);
    const to = Math.ceil((span[1] + 1) / width) * width;
    if (series.detail && span[0] < series.main.from) series.detail = null;
    if (!series.loaded || to <= from) return;
    const fetch = series.begin();
    const points = series.main.resolution ? Math.ceil((to - from) / width) : POINTS;
    const answer = await this.#history([name], from, to, Math.max(1, points));
    series.patch(fetch, answer?.series[name] ?? null, from, to - 1);
    this.onload(series);
  }

  async #latest(series) {
    const fetch = series.begin();
    const answer = await this.api.getSurely("api/latest", [["series", series.name]]);
    const row = answer?.latest.find(([name]) => name === series.name);
    if (answer) series.correct(fetch, row ? { t: row[1], v: row[2] } : null);
    else series.abandon(fetch);
    this.onload(series);
  }

  #history(names, from, to, points) {
    const query = [
      ["from", from],
      ["to", to],
      ["points", points],
    ];
    return this.api.getSurely("api/history", [...names.map((name) => ["series", name]), ...query]);
  }
}

function same(a, b) {
  return !b || (a.main === b.main && a.points === b.points && a.from === b.from && a.to === b.to);
}
