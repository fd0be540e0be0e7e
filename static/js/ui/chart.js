/**
 * A chart of one series (`series`, colour in data-colour) or of several `lines` ([{key, series, colour, dash, name,
 * ghost}]) on one time axis, with `limits`. Made when it comes near the screen, taken down when it leaves, drawn at most
 * once a frame and only as often as a pixel could change. With the attribute `steps` arrow keys go from point to point.
 */
import { model } from "telltale/context.js";
import { spoken } from "telltale/core/annotations.js";
import { joined, panels, union } from "telltale/core/lines.js";
import { stepped, toldAt } from "telltale/core/steps.js";
import { summary } from "telltale/core/summary.js";
import { View, stretchOf } from "telltale/core/view.js";
import { mark, soon } from "telltale/frame.js";
import { themes } from "telltale/theme.js";
import { gestures } from "telltale/ui/gestures.js";
import { options, shapes } from "telltale/ui/plot.js";
import { everySecond } from "telltale/ui/ticker.js";
import { loadPlots, plottable } from "telltale/uplot.js";
import { unwatch, watch } from "telltale/visible.js";

/** Pixels of time below which two draws would look the same. */
const FASTEST = 1000 / 30;
const SLOWEST = 1_000;

export class Chart extends HTMLElement {
  /** A view of its own, while zooms are not shared. */
  own = null;
  #lines = null;
  #limits = [];
  #muted = new Set();
  #plot = null;
  #shape = "";
  #near = false;
  #ends = [];
  #watched = [];
  #drawn = 0;
  #told = -Infinity;
  #later = null;
  #at = null;
  /** The point that keys have stepped to; it moves with the time axis. */
  #kept = null;
  #resizes = new ResizeObserver(() => this.#resize());

  connectedCallback() {
    this.setAttribute("aria-label", this.lines.map(({ series }) => `${series.metric} of ${series.device}`).join(", "));
    if (this.hasAttribute("steps")) this.tabIndex = 0;
    watch(this);
    this.#resizes.observe(this);
    const redraw = () => {
      this.#told = -Infinity;
      mark(this);
    };
    const listen = (target, name, listener) => {
      target.addEventListener(name, listener);
      this.#ends.push(() => target.removeEventListener(name, listener));
    };
    listen(model, "view", () => this.#viewed());
    listen(model, "annotations", redraw);
    listen(model, "point", ({ detail }) => this.#pointed(detail));
    listen(themes, "change", () => this.#rebuild());
    listen(this, "keydown", (event) => this.#key(event));
    const leave = () => (this.#kept = null);
    for (const name of ["pointermove", "blur"]) listen(this, name, leave);
    this.#ends.push(
      everySecond(() => {
        if (this.#plot && this.view.live) mark(this);
      }),
    );
    this.#follow();
  }

  disconnectedCallback() {
    unwatch(this);
    this.seen(false);
    this.#resizes.disconnect();
    clearTimeout(this.#later);
    for (const end of [...this.#ends.splice(0), ...this.#watched.splice(0)]) end();
  }

  get view() {
    return this.own ?? model.view;
  }

  /** What is drawn, also the hidden ones; set them anew to change them. */
  get lines() {
    return this.#lines ?? [{ key: this.series.name, series: this.series, colour: this.dataset.colour ?? 1 }];
  }

  set lines(lines) {
    this.#loads(false);
    this.#lines = lines;
    this.#loads(true);
    if (this.isConnected) this.#follow();
    mark(this);
  }

  set limits(limits) {
    if (JSON.stringify(limits) === JSON.stringify(this.#limits)) return;
    this.#limits = limits;
    mark(this);
  }

  /** Keys of lines that are not drawn. */
  set muted(keys) {
    if (keys.size === this.#muted.size && [...keys].every((key) => this.#muted.has(key))) return;
    this.#muted = new Set(keys);
    mark(this);
  }

  get shown() {
    return this.lines.filter(({ key }) => !this.#muted.has(key));
  }

  /** What is drawn of the first line: [ts[], v[]] in ms. */
  get columns() {
    const { columns } = this.stretch(this.lines[0]);
    return [Array.from(columns.t), Array.from(columns.v)];
  }

  /** How its lines are drawn: [{key, colour, scale, dash}]. */
  get shape() {
    return shapes(this.shown, this.lines);
  }

  stretch(line) {
    return line.ghost ? line.ghost.stretch(this.view.span(model.clock.now())) : stretchOf(line.series, this.view);
  }

  /** Called when the chart comes near the screen and when it leaves. */
  seen(near) {
    if (near === this.#near) return;
    if (!near) this.#loads(false);
    this.#near = near;
    if (near) {
      this.#loads(true);
      soon(() => this.#up());
    } else this.#down();
  }

  paint() {
    this.#reshape();
    if (!this.#plot) return;
    this.#drawn = performance.now();
    const { from, to } = this.view.span(model.clock.now());
    const lines = this.shown;
    const stretches = lines.map((line) => this.stretch(line));
    const plot = this.#plot;
    plot.lines = lines.map((line, at) => ({ ...line, stretch: stretches[at], still: Boolean(line.ghost) }));
    plot.notes = model.annotations.on(lines[0]?.series.name ?? null, from, to);
    plot.limits = this.#limits.map((one) => ({ ...one, scale: "y" }));
    plot.boolean = lines.length > 0 && lines.every(({ series }) => series.kind === "boolean");
    plot.batch(() => {
      plot.setData(lines.length ? joined(stretches) : [[]], false);
      plot.setScale("x", { min: from, max: to });
    });
    if (this.#kept !== null) plot.setCursor({ left: plot.valToPos(this.#kept, "x"), top: 1 }, true, true);
    if (this.#drawn - this.#told >= SLOWEST) this.#describe(from, to, stretches);
    this.dispatchEvent(new Event("drawn"));
  }

  #loads(yes) {
    if (!this.#near) return;
    for (const { series, ghost } of this.lines) {
      if (ghost) continue;
      if (yes) model.loader.show(series, this);
      else model.loader.hide(series, this);
    }
  }

  #follow() {
    for (const end of this.#watched.splice(0)) end();
    this.#watched = this.lines.map(({ series, ghost }) =>
      ghost ? ghost.watch(() => mark(this)) : model.watch(series, () => this.#changed()),
    );
  }

  #viewed() {
    this.#told = -Infinity;
    if (model.linked) this.own = null;
    mark(this);
  }

  /** Change the view that this chart shows: everyone's, or while zooms are not shared its own. */
  #look(change, gesture = null) {
    const now = model.clock.now();
    if (model.linked) return model.look((view) => change(view, now), { gesture });
    if (!this.own) {
      this.own = new View();
      Object.assign(this.own, { range: model.view.range, zoom: model.view.zoom, held: model.view.held });
    }
    change(this.own, now);
    if (this.own.live) this.own = null;
    model.loader.check();
    return mark(this);
  }

  #changed() {
    if (!this.#plot || this.#later !== null) return;
    const { from, to } = this.view.span(model.clock.now());
    const pixel = (to - from) / Math.max(1, this.clientWidth);
    const wait = this.#drawn + Math.min(Math.max(pixel, FASTEST), SLOWEST) - performance.now();
    this.#later = setTimeout(
      () => {
        this.#later = null;
        mark(this);
      },
      Math.max(0, wait),
    );
  }

  /** Lines, axes and units are fixed when a plot is made; when they change, another is made. */
  #reshape() {
    if (this.#plot && this.#shape !== this.#shapeNow()) this.#rebuild();
  }

  #rebuild() {
    this.#down();
    this.#up();
  }

  #shapeNow() {
    return JSON.stringify(this.shown.map(({ key, colour, series }) => [key, colour, series.unit, series.title, series.metric]));
  }

  #up() {
    if (!this.#near || this.#plot || !this.isConnected || !this.clientWidth) return;
    if (!plottable()) return void loadPlots().then(() => this.#up());
    const zoom = (from, to) => this.#look((view) => view.zoomTo(from, to));
    const live = () => this.#look((view) => view.reset());
    const lines = this.shown;
    this.#shape = this.#shapeNow();
    const axes = panels(lines)[0]?.axes ?? [];
    // a chart without lines of its own stands where unit and name are told beside it
    const units = !this.#lines ? [null] : axes.length > 1 ? axes.map(({ label }) => label) : [lines[0]?.series.unit ?? null];
    const drawn = this.shape;
    const { clientWidth: width, clientHeight: height } = this;
    const all = { width, height, lines: drawn, units, zoom, live, hover: this.#hovered.bind(this) };
    this.#plot = new uPlot(options(all), [[], ...drawn.flatMap(() => [[], [], []])], this);
    gestures(this.#plot.over, {
      span: () => this.view.span(model.clock.now()),
      look: (change) => this.#look(change, "hand"),
      live,
    });
    this.paint();
  }

  #down() {
    this.#plot?.destroy();
    this.#plot = null;
  }

  #resize() {
    if (!this.#plot) this.#up();
    else if (this.clientWidth) this.#plot.setSize({ width: this.clientWidth, height: this.clientHeight });
  }

  #hovered(at, values, notes) {
    this.#at = at;
    // the pointer on another chart moves this one's cursor too; its notes are told there
    const here = this.matches(":hover") || this === document.activeElement;
    const first = values[0] ?? null;
    const keys = this.shown.map(({ key }) => key);
    const detail = { t: first?.t ?? null, v: first?.v ?? null, at, values, keys, notes: here ? notes : [] };
    this.dispatchEvent(new CustomEvent("hover", { detail }));
    if (here) model.point(at, this);
  }

  /** The pointer is on what is no chart of uPlot's. */
  #pointed({ at, by }) {
    if (!this.#plot || by instanceof Chart) return;
    const left = at === null ? -10 : this.#plot.valToPos(at, "x");
    this.#plot.setCursor({ left, top: at === null ? -10 : 1 });
  }

  /** Arrow keys step through the points of the lines, and tell each. */
  #key(event) {
    if (!this.#plot || !this.hasAttribute("steps") || event.ctrlKey || event.metaKey || event.altKey) return;
    const { from, to } = this.view.span(model.clock.now());
    const lines = this.shown.map((line) => ({ ...line, stretch: this.stretch(line) }));
    const times = union(lines.map(({ stretch }) => stretch.columns.t)).filter((t) => t >= from && t <= to);
    const t = stepped(event.key, times, this.#kept ?? this.#at);
    if (event.key === "Escape" && this.#at !== null) {
      this.#kept = null;
      this.#plot.setCursor({ left: -10, top: -10 }, true, true);
    } else if (t !== null) {
      this.#kept = t;
      this.#plot.setCursor({ left: this.#plot.valToPos(t, "x"), top: 1 }, true, true);
      this.dispatchEvent(new CustomEvent("step", { detail: { t, text: toldAt(lines, t, model.clock.now()) } }));
    } else return;
    event.preventDefault();
  }

  #describe(from, to, stretches) {
    this.#told = this.#drawn;
    const lines = this.shown.map((line, at) => ({ ...line, stretch: stretches[at] }));
    const label = `${summary(lines, { from, to })}${spoken(this.#plot.notes, model.clock.now())}`;
    if (this.getAttribute("aria-label") !== label) this.setAttribute("aria-label", label);
  }
}

customElements.define("tt-chart", Chart);
