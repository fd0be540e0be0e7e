/**
 * A state over time as a strip: on and off of a boolean series, or the texts of a text series, each in its colour with
 * its name where there is room. On the time axis of the page, with its crosshair; told in words and in a table.
 */
import { model } from "telltale/context.js";
import { changes } from "telltale/core/changes.js";
import { formatMoment, formatSpan } from "telltale/core/format.js";
import { stretches } from "telltale/core/strips.js";
import { stretchOf } from "telltale/core/view.js";
import { t } from "telltale/core/words.js";
import { mark, soon } from "telltale/frame.js";
import { colour, themes } from "telltale/theme.js";
import { gestures } from "telltale/ui/gestures.js";
import { everySecond } from "telltale/ui/ticker.js";
import { textSize } from "telltale/wall.js";
import { unwatch, watch } from "telltale/visible.js";

const COLOURS = 6;
const FONT = `${textSize(12)}px system-ui, sans-serif`;
/** Pixels beside a name, and the narrowest box that has one. */
const PAD = 6;
const NAMED = 24;
/** Pixels of full colour where a text begins. */
const EDGE = 3;

class Strip extends HTMLElement {
  own = null;
  #near = false;
  #canvas = null;
  #ends = [];
  #at = null;
  #colours = new Map();
  #resizes = new ResizeObserver(() => mark(this));

  connectedCallback() {
    this.setAttribute("role", "img");
    this.#canvas = document.createElement("canvas");
    this.replaceChildren(this.#canvas);
    watch(this);
    this.#resizes.observe(this);
    const redraw = () => mark(this);
    const listen = (target, name, listener) => {
      target.addEventListener(name, listener);
      this.#ends.push(() => target.removeEventListener(name, listener));
    };
    listen(model, "view", redraw);
    listen(themes, "change", redraw);
    listen(model, "point", ({ detail }) => this.#pointed(detail.at));
    listen(this, "pointermove", (event) => model.point(this.#time(event), this));
    listen(this, "pointerleave", () => model.point(null, this));
    listen(this, "dblclick", () => model.look((view) => view.reset()));
    this.#ends.push(everySecond(redraw), model.watch(this.series, redraw));
    gestures(this.#canvas, {
      span: () => model.view.span(model.clock.now()),
      look: (change) => model.look((view) => change(view, model.clock.now()), { gesture: "hand" }),
      live: () => model.look((view) => view.reset()),
    });
  }

  disconnectedCallback() {
    unwatch(this);
    this.seen(false);
    this.#resizes.disconnect();
    for (const end of this.#ends.splice(0)) end();
  }

  seen(near) {
    if (near === this.#near) return;
    this.#near = near;
    if (near) {
      model.loader.show(this.series, this);
      soon(() => mark(this));
    } else model.loader.hide(this.series, this);
  }

  /** What is drawn: [{from, to, value}], times in ms; a text, or 0 to 1 (the share that was on). */
  get boxes() {
    const now = model.clock.now();
    const { from, to } = model.view.span(now);
    return stretches(stretchOf(this.series, model.view), from, to, now);
  }

  paint() {
    const { clientWidth: width, clientHeight: height } = this;
    if (!this.#near || !width) return;
    const canvas = this.#canvas;
    const pixel = devicePixelRatio;
    if (canvas.width !== Math.round(width * pixel)) canvas.width = Math.round(width * pixel);
    if (canvas.height !== Math.round(height * pixel)) canvas.height = Math.round(height * pixel);
    const ctx = canvas.getContext("2d");
    ctx.setTransform(pixel, 0, 0, pixel, 0, 0);
    ctx.clearRect(0, 0, width, height);
    ctx.font = FONT;
    ctx.textBaseline = "middle";
    const { from, to } = model.view.span(model.clock.now());
    const boxes = this.boxes;
    for (const box of boxes) {
      const left = Math.min(((box.from - from) / (to - from)) * width, width - EDGE); // what has just begun is seen at once
      const wide = Math.max(1, ((box.to - from) / (to - from)) * width - left);
      this.#box(ctx, box.value, { left, wide, height });
    }
    if (this.#at !== null) {
      const x = Math.round(((this.#at - from) / (to - from)) * width) + 0.5;
      ctx.strokeStyle = colour("--edge");
      ctx.beginPath();
      ctx.moveTo(x, 0);
      ctx.lineTo(x, height);
      ctx.stroke();
    }
    this.#describe(boxes, to - from);
  }

  #box(ctx, value, { left, wide, height }) {
    const state = typeof value !== "string";
    const name = colour(`--series-${state ? this.dataset.colour : this.#colourOf(value)}`);
    ctx.fillStyle = name;
    if (state) {
      // a line at the bottom is off; a share of a bucket is as high as it was long
      const tall = Math.max(2, value * height);
      ctx.globalAlpha = value === 1 ? 0.85 : 0.6;
      ctx.fillRect(left, height - tall, wide, tall);
      ctx.globalAlpha = 1;
    } else {
      ctx.globalAlpha = 0.22;
      ctx.fillRect(left, 0, wide, height);
      ctx.globalAlpha = 1;
      ctx.fillRect(left, 0, Math.min(EDGE, wide), height);
    }
    const text = state ? (value === 1 ? t("on") : value === 0 ? t("off") : "") : value;
    if (!text || wide < NAMED) return;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, 0, wide - 2, height);
    ctx.clip();
    ctx.fillStyle = colour(state && value === 1 ? "--card" : "--ink");
    if (ctx.measureText(text).width <= wide - PAD || !state) ctx.fillText(text, left + PAD, height / 2);
    ctx.restore();
  }

  #colourOf(text) {
    if (!this.#colours.has(text)) this.#colours.set(text, 1 + (this.#colours.size % COLOURS));
    return this.#colours.get(text);
  }

  #time(event) {
    const { left, width } = this.getBoundingClientRect();
    const { from, to } = model.view.span(model.clock.now());
    return from + ((event.clientX - left) / width) * (to - from);
  }

  /** The crosshair stands at `at`: show it, and tell what held then. */
  #pointed(at) {
    this.#at = at;
    mark(this);
    const box = at === null ? null : this.boxes.find((one) => one.from <= at && at < one.to);
    this.dispatchEvent(new CustomEvent("hover", { detail: { at, v: box?.value ?? null } }));
  }

  #describe(boxes, length) {
    const { t: times, v } = stretchOf(this.series, model.view).columns;
    const { from, to } = model.view.span(model.clock.now());
    const values = this.series.kind === "text" ? v : Array.from(v, (one) => (one ? t("on") : t("off")));
    const told = boxes.length ? changes(times, values, { from, to }) : [];
    const now = model.clock.now();
    const parts = told.map(([when, what]) => (when === null ? what : `${what}, ${formatMoment(when, now)}`));
    const label = `${this.series.title || this.series.metric}, ${formatSpan(length)}: ${parts.join("; ") || t("no readings")}`;
    if (this.getAttribute("aria-label") !== label) this.setAttribute("aria-label", label);
  }
}

customElements.define("tt-strip", Strip);
