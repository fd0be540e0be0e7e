/**
 * All that the page knows, from the public contract alone: devices, series, view, connection. Elements read it and are
 * told of changes: "structure", "pending", "view", "annotations" and "connection" as events, values through `watch`;
 * "point" is where someone points in time.
 */
import { Api, liveUrl, SCREEN } from "telltale/api.js";
import { Annotations } from "telltale/core/annotations.js";
import { ServerClock } from "telltale/core/clock.js";
import { Inventory } from "telltale/core/inventory.js";
import { limitsFrom } from "telltale/core/limits.js";
import { POINTS, Series } from "telltale/core/series.js";
import { written } from "telltale/core/units.js";
import { View } from "telltale/core/view.js";
import { openLink } from "telltale/link.js";
import { Loader } from "telltale/loader.js";

/** New series are collected this long (ms) before the API is asked about them. */
const COLLECT = 150;
/** ms after which the page asks for what no one waits for: what people came for is there by then. */
const SOON = 500;
/** Unknown series that are asked for by name; more, and the whole list is fetched. */
const BY_NAME = 40;

export class Model extends EventTarget {
  clock = new ServerClock();
  inventory = new Inventory();
  annotations = new Annotations();
  series = new Map();
  view = new View();
  /** connecting | live | down | ended */
  connection = "connecting";
  /** When the connection was lost (server's time), or null. */
  lost = null;
  /** What was found damaged: {damaged, count, salvage}, or null. */
  damage = null;
  /** The devices have been listed once. */
  ready = false;
  /** Zooms of one chart are those of all. */
  linked = true;
  /** Readings that came since the page was paused. */
  fresh = 0;
  #watchers = new Map();
  #unknown = [];
  #asking = null;
  #newer = null;
  #link = null;
  #noted = Infinity;

  /** `patterns`: the series that are followed live. */
  constructor(patterns = ["*"]) {
    super();
    this.patterns = patterns;
    this.api = new Api(() => this.#connect("ended"));
    this.loader = new Loader(this.api, this.clock, this.view, this.series);
    this.loader.onload = (series) => this.#told(series);
  }

  start() {
    this.#link = openLink(
      liveUrl(),
      this.patterns,
      (action) => this.#perform(action),
      () => this.#probe(),
    );
  }

  /** Call `told()` when the series has changed; returns the way to end that. */
  watch(series, told) {
    const all = this.#watchers.get(series) ?? new Set();
    this.#watchers.set(series, all.add(told));
    return () => all.delete(told);
  }

  /** Follow more series live. */
  follow(patterns) {
    this.#link?.follow(patterns.filter((one) => !this.patterns.includes(one)));
    this.patterns = [...new Set([...this.patterns, ...patterns])];
  }

  /** Someone points at a time (ms; null: no longer), on the element `by`. */
  point(at, by) {
    this.dispatchEvent(new CustomEvent("point", { detail: { at, by } }));
  }

  /** Zooms are shared from now on, or no longer. */
  link(linked) {
    this.linked = linked;
    this.look(() => {});
  }

  /** The view was changed by `change(view)`; a `gesture` is of many small changes. */
  look(change, { gesture = null } = {}) {
    const before = this.view.range;
    const paused = this.view.held;
    change(this.view);
    if (this.view.held !== paused) this.fresh = 0;
    if (this.view.range !== before) for (const one of this.series.values()) one.points = POINTS;
    if (this.view.live && this.linked) for (const one of this.series.values()) one.detail = null;
    this.loader.check();
    const { from } = this.view.span(this.clock.now());
    if (this.ready && from < Math.min(this.annotations.from, this.#noted)) this.#annotate();
    this.dispatchEvent(new CustomEvent("view", { detail: { gesture } }));
  }

  /** An annotation is new, or another than it was. */
  annotated(annotation) {
    this.annotations.push(annotation);
    this.dispatchEvent(new Event("annotations"));
  }

  #perform(action) {
    switch (action.type) {
      case "time":
        return this.clock.observe(action.time);
      case "state":
        return this.#connect(action.state);
      case "load":
        return this.#forget();
      case "devices":
        return this.#list();
      case "storage":
        return this.#damage(action.storage);
      case "annotation":
        return this.annotated(action.annotation);
      case "board":
        return this.dispatchEvent(new CustomEvent("board", { detail: action.board }));
      case "readings":
        return this.#readings(action.readings);
      case "refetch":
        this.dispatchEvent(new CustomEvent("refetch", { detail: action.spans }));
        return this.loader.refetch(action.spans);
      case "series":
        return this.#labelled(action.series);
      case "presence":
        for (const [id] of action.presence) this.#newer?.add(id);
        this.inventory.presence(action.presence);
        return this.#structure();
      case "device":
        this.#newer?.add(action.device.device);
        this.inventory.push(action.device);
        return this.#structure(action.device.state === "pending" ? "pending" : "structure");
      default:
        return undefined;
    }
  }

  async #askDamage() {
    if (SCREEN !== null) return; // not for walls
    const answer = await this.api.getSurely("api/storage/damage");
    if (answer) this.#damage(answer);
  }

  #damage(storage) {
    this.damage = storage;
    this.dispatchEvent(new Event("damage"));
  }

  /** What was pushed and never stored is gone with the run that pushed it; the answer's readings follow. */
  #forget() {
    for (const one of this.series.values()) one.latest = null;
    this.loader.reset();
    this.dispatchEvent(new Event("forget"));
  }

  #readings(readings) {
    if (this.view.mode === "paused") this.fresh += readings.length;
    for (const [name, t, value] of readings) {
      let one = this.series.get(name);
      if (!one) {
        one = new Series(name, null, null);
        this.series.set(name, one);
        this.#unknown.push(one);
        this.#asking ??= setTimeout(() => this.#place(), this.ready ? COLLECT : 0);
      }
      one.push(t, value);
      this.#told(one);
    }
  }

  #told(series) {
    const oldest = this.clock.now() - Math.max(series.range, this.view.range) * 1.02;
    const whole = series.loaded;
    series.trim(oldest);
    if (whole && !series.loaded) this.loader.check();
    for (const told of this.#watchers.get(series) ?? []) told();
  }

  /** A person gave a series a unit or a name, or thresholds. */
  #labelled({ series, unit, label, thresholds }) {
    const one = this.series.get(series);
    if (!one) return;
    if (thresholds) one.limits = limitsFrom(thresholds);
    else Object.assign(one, { unit: written(unit), title: label });
    this.#structure();
    this.#told(one);
  }

  /** New series get their place at once, by their names; unit and true owner follow. */
  async #place() {
    if (!this.ready) {
      this.#asking = null;
      return;
    }
    const found = this.#unknown;
    this.#unknown = [];
    this.#asking = null;
    for (const one of found) [one.device, one.metric] = this.inventory.guess(one.name);
    this.inventory.add(found);
    this.#structure();
    const query = found.length > BY_NAME ? [] : found.map((one) => ["series", one.name]);
    const answer = await this.api.getSurely("api/series", query);
    for (const about of answer?.series ?? []) {
      const one = this.series.get(about.series);
      if (!one) continue;
      Object.assign(one, { unit: written(about.unit), title: about.label, limits: limitsFrom(about.thresholds) });
      if (one.device !== about.device || one.metric !== about.metric)
        this.inventory.move(one, about.device, about.metric);
      this.#told(one);
    }
    this.#structure();
  }

  async #list() {
    const newer = new Set();
    this.#newer = newer;
    const answer = await this.api.getSurely("api/devices");
    if (this.#newer !== newer) return;
    this.#newer = null;
    if (answer) this.inventory.list(answer.devices, newer);
    this.ready = true;
    if (this.#unknown.length) this.#place();
    else this.#structure();
    setTimeout(() => {
      this.#annotate();
      this.#askDamage();
    }, SOON);
  }

  async #annotate() {
    const fetch = this.annotations.begin();
    const now = this.clock.now();
    const shown = this.view.span(now);
    // and some more, so that moving on does not ask at every step
    const from = Math.floor(Math.min(now - this.view.range, 2 * shown.from - shown.to));
    this.#noted = from;
    const answer = await this.api.getSurely("api/annotations", [["from", from]]);
    this.annotations.load(fetch, answer?.annotations ?? null, from);
    this.dispatchEvent(new Event("annotations"));
  }

  #structure(what = "structure") {
    this.dispatchEvent(new Event(what));
  }

  #connect(state) {
    if (this.connection === "ended" && state !== "live") return;
    if (state === "live") this.lost = null;
    else this.lost ??= this.clock.now();
    this.connection = state;
    this.dispatchEvent(new Event("connection"));
  }

  /** A socket was refused: an ended session looks like that, and so does a server that is not there. */
  #probe() {
    this.api.get("api/devices").catch(() => {});
  }
}
