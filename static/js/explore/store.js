/**
 * What the explore page shows and what is read for it. The address is the state: a change writes it, the back button
 * reads it again. Tells "state", "read" and "ended".
 */
import { Api, pageUrl } from "telltale/api.js";
import { unpacked } from "telltale/core/binary.js";
import { readState, stateParams } from "telltale/core/explore.js";
import { parseMoment, parseSpan } from "telltale/core/grammar.js";
import { stretchFrom } from "telltale/core/statistics.js";
import { written } from "telltale/core/units.js";
import { t } from "telltale/core/words.js";
import { fromWall } from "telltale/core/zone.js";

/** Rows of a series that are read: a day of one reading every three seconds stays as it is. */
const POINTS = 30_000;

/** The ms of a civil time in the zone of what is shown. */
const civil = (year, month, day, ...rest) => fromWall(Date.UTC(year, month - 1, day, ...rest));

const ISO = /^\d{4,}-\d{2}-\d{2}T[\d:.]+Z$/;

class Store extends EventTarget {
  state = readState(new URLSearchParams(location.search));
  /** Every series there is, by name, as the API lists them; null until it has. */
  known = null;
  /** What was read: {from, to, now, rows: Map(name, rows), numbers: {name: rows without texts}}, or null; times in ms. */
  data = null;
  busy = false;
  problem = "";
  ended = false;
  #reading = null;
  #stretches = new Map();

  api = new Api(() => {
    this.ended = true;
    this.#tell("ended");
  });

  async start() {
    addEventListener("popstate", () => this.#become(readState(new URLSearchParams(location.search))));
    this.read();
    const answer = await this.api.getSurely("api/series");
    this.known = new Map((answer?.series ?? []).map((one) => [one.series, { ...one, unit: written(one.unit) }]));
    this.#tell("state");
  }

  /** Change the state; `step`: the back button undoes it. */
  set(changes, step = true, kept = null) {
    const state = { ...this.state, ...changes };
    const address = pageUrl("/explore", stateParams(state));
    if (step && address !== `${location.pathname}${location.search}`) history.pushState(kept, "", address);
    else history.replaceState(history.state, "", address);
    this.#become(state);
  }

  #become(state) {
    const before = this.state;
    this.state = state;
    const spanned = before.from !== state.from || before.to !== state.to;
    const missing = state.series.some((name) => !this.data?.rows.has(name));
    this.#tell("state");
    if (spanned || missing) this.read();
  }

  /** Unit, kind and names of a series. */
  about(name) {
    return this.known?.get(name) ?? { series: name, device: "", metric: name, unit: null, kind: "number", label: null };
  }

  /** What a series is called with its unit. */
  head(name) {
    const { unit } = this.about(name);
    return unit ? `${name} [${unit}]` : name;
  }

  /** The numbers of a series as a stretch for statistics and charts; null: nothing there, or text. */
  stretch(name) {
    if (!this.#stretches.has(name)) this.#stretches.set(name, stretchFrom(this.data?.numbers[name]));
    return this.#stretches.get(name);
  }

  /** The series of the state that are not switched off and have numbers. */
  shown() {
    return this.state.series.filter((name) => !this.state.off.has(name) && this.stretch(name));
  }

  /** Whether what is shown ends now, as it was when it was read. */
  get relative() {
    return "range" in parseSpan(this.state.from, this.state.to, Date.now(), civil);
  }

  /** Show a fixed span, in ms. */
  zoom(from, to) {
    const span = { from: new Date(Math.floor(from)).toISOString(), to: new Date(Math.ceil(to)).toISOString() };
    this.set(span, true, { zoomed: true });
  }

  /** Undo a zoom, if that is what was done last; a link from elsewhere is not left. */
  back() {
    if (history.state?.zoomed) history.back();
  }

  /** Whether a text of the state is a fixed time. */
  fixed(text) {
    return ISO.test(text);
  }

  /** A text of a form as the address keeps it: what other zones would read otherwise, as ISO 8601 in UTC. */
  lasting(text) {
    const wanted = text.trim();
    if (/now|^[+-]/.test(wanted)) return wanted;
    return new Date(parseMoment(wanted, Date.now(), civil)).toISOString();
  }

  /** What the two texts of a span mean: {from, to} or {problem}. */
  span(from, to, now) {
    const found = parseSpan(from, to, now, civil);
    return found.range ? { from: now - found.range, to: now } : found;
  }

  async read() {
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    const { series, from, to } = this.state;
    this.busy = true;
    this.problem = "";
    this.#tell("read");
    try {
      const data = series.length ? await this.#fetched(series, from, to, reading.signal) : null;
      if (reading.signal.aborted) return;
      this.data = data;
      this.#stretches.clear();
    } catch (error) {
      if (reading.signal.aborted) return;
      this.problem = t("That could not be read: {why}.", { why: error.message });
    }
    this.busy = false;
    this.#tell("read");
  }

  async #fetched(series, from, to, signal) {
    const { time: now } = await this.api.get("api/latest", [["series", series[0]]]);
    const span = this.span(from, to, now);
    if (span.problem) throw new Error(t("the span from “{from}” to “{to}” is none", { from, to }));
    const query = [
      ["from", Math.floor(span.from)],
      ["to", Math.ceil(span.to)],
      ["points", POINTS],
    ];
    const named = (names) => [...names.map((name) => ["series", name]), ...query];
    const found = unpacked(await this.api.bytes("api/history", named(series), signal)).series;
    const texts = series.filter((name) => found[name]?.text);
    const spoken = texts.length ? (await this.api.get("api/history", named(texts))).series : {};
    const rows = new Map(series.map((name) => [name, spoken[name] ?? found[name] ?? { resolution: "raw", t: [], v: [] }]));
    return { ...span, now, rows, numbers: found };
  }

  /** Until when there can be readings. */
  get end() {
    return Math.min(this.data.to, Math.max(this.data.now, ...[...this.data.rows.values()].map(({ t: times }) => times.at(-1) ?? 0)));
  }

  #tell(what) {
    this.dispatchEvent(new Event(what));
  }
}

export const store = new Store();
