/**
 * The chart of one numeric or boolean series. Made when it comes near the screen, taken down when it leaves, drawn at
 * most once a frame and only as often as a pixel could change. Drag zooms, double click goes back to live.
 */
import { model } from "telltale/context.js";
import { spoken } from "telltale/core/annotations.js";
import { stretchOf } from "telltale/core/view.js";
import { mark, soon } from "telltale/frame.js";
import { themes } from "telltale/theme.js";
import { options } from "telltale/ui/plot.js";
import { everySecond } from "telltale/ui/ticker.js";
import { unwatch, watch } from "telltale/visible.js";

/** Pixels of time below which two draws would look the same. */
const FASTEST = 1000 / 30;
const SLOWEST = 1_000;

export class Chart extends HTMLElement {
  #plot = null;
  #near = false;
  #ends = [];
  #drawn = 0;
  #later = null;
  #resizes = new ResizeObserver(() => this.#resize());

  connectedCallback() {
    this.setAttribute("aria-label", `${this.series.metric} of ${this.series.device}`);
    watch(this);
    this.#resizes.observe(this);
    const redraw = () => mark(this);
    const rebuild = () => {
      this.#down();
      this.#up();
    };
    model.addEventListener("view", redraw);
    model.addEventListener("annotations", redraw);
    themes.addEventListener("change", rebuild);
    this.#ends = [
      everySecond(() => {
        if (this.#plot && model.view.live) mark(this);
      }),
      model.watch(this.series, () => this.#changed()),
      () => model.removeEventListener("view", redraw),
      () => model.removeEventListener("annotations", redraw),
      () => themes.removeEventListener("change", rebuild),
    ];
  }

  disconnectedCallback() {
    unwatch(this);
    this.seen(false);
    this.#resizes.disconnect();
    clearTimeout(this.#later);
    for (const end of this.#ends.splice(0)) end();
  }

  /** What is drawn: [ts[], v[]] in ms. */
  get columns() {
    const { columns } = stretchOf(this.series, model.view);
    return [Array.from(columns.t), Array.from(columns.v)];
  }

  /** Called when the chart comes near the screen and when it leaves. */
  seen(near) {
    if (near === this.#near) return;
    this.#near = near;
    if (near) {
      model.loader.show(this.series);
      soon(() => this.#up());
    } else {
      model.loader.hide(this.series);
      this.#down();
    }
  }

  paint() {
    if (!this.#plot) return;
    this.#drawn = performance.now();
    const { from, to } = model.view.span(model.clock.now());
    const stretch = stretchOf(this.series, model.view);
    this.#plot.stretch = stretch;
    this.#plot.notes = model.annotations.on(this.series.name, from, to);
    this.#plot.boolean = this.series.kind === "boolean";
    this.#plot.batch(() => {
      this.#plot.setData(stretch.columns.all, false);
      this.#plot.setScale("x", { min: from, max: to });
    });
    this.#describe(from, to, stretch);
  }

  #changed() {
    if (!this.#plot || this.#later !== null) return;
    const { from, to } = model.view.span(model.clock.now());
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

  #up() {
    if (!this.#near || this.#plot || !this.isConnected || !this.clientWidth) return;
    const zoom = (from, to) => model.look((view) => view.zoomTo(from, to));
    const live = () => model.look((view) => view.reset());
    // the pointer on another chart moves this one's cursor too; its notes are told there
    const hover = (t, v, notes) =>
      this.dispatchEvent(new CustomEvent("hover", { detail: { t, v, notes: this.matches(":hover") ? notes : [] } }));
    const size = { width: this.clientWidth, height: this.clientHeight };
    this.#plot = new uPlot(
      options({ ...size, colour: this.dataset.colour, zoom, live, hover }),
      [[], [], [], []],
      this,
    );
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

  #describe(from, to, { columns }) {
    const minutes = Math.round((to - from) / 60_000);
    const text = columns.length ? `${columns.length} points` : "no readings";
    const notes = spoken(this.#plot.notes, model.clock.now());
    const label = `${this.series.metric} of ${this.series.device}, ${minutes} minutes: ${text}${notes}`;
    if (this.getAttribute("aria-label") !== label) this.setAttribute("aria-label", label);
  }
}

customElements.define("tt-chart", Chart);
