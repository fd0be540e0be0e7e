/**
 * A series as it was some time before, drawn over what is: its stretch has the times of today. `back(t)` is the time to
 * compare with, `ask(name, from, to, points)` resolves to the history API's answer for the series, or null. Times in ms.
 */
import { POINTS, Series } from "telltale/core/series.js";

/** A span may be this much longer than the one that was fetched, or as much shorter, before it is fetched anew. */
const FINER = 3;

export class Ghost {
  offset = 0;
  #stretch;
  #asking = false;
  #told = new Set();

  constructor(series, back, ask) {
    Object.assign(this, { series, back, ask });
    this.#stretch = new Series(series.name, series.device, series.metric).main;
  }

  /** Call `told()` when there is more to draw; returns the way to end that. */
  watch(told) {
    this.#told.add(told);
    return () => this.#told.delete(told);
  }

  /** What is known for a span {from, to}; what is missing is fetched. */
  stretch(span) {
    if (!this.#serves(span) && !this.#asking) this.#fetch(span);
    return this.#stretch;
  }

  #serves({ from, to }) {
    const { from: first, to: last, asked, resolution } = this.#stretch;
    return first <= from && to <= last && (!resolution || asked / (to - from) < FINER);
  }

  async #fetch({ from, to }) {
    this.#asking = true;
    const asked = to - from;
    const [first, last] = [Math.floor(from - asked / 2), Math.ceil(to + asked / 2)];
    const offset = Math.round(to - this.back(to));
    const answer = await this.ask(this.series.name, first - offset, last - offset, POINTS);
    const one = new Series(this.series.name, this.series.device, this.series.metric);
    one.zoom(one.begin(), answer && { ...answer, t: answer.t.map((t) => t + offset) }, first, last, asked);
    this.#stretch = one.detail;
    this.offset = offset;
    this.#asking = false;
    for (const told of this.#told) told();
  }
}
