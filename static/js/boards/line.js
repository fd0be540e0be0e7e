/** A small line without axes: the shape of a series over the range that is shown, with its gaps. */
import { model } from "telltale/context.js";
import { lowerBound } from "telltale/core/columns.js";
import { breaks } from "telltale/core/interval.js";
import { stretchOf } from "telltale/core/view.js";
import { mark } from "telltale/frame.js";
import { colour, themes } from "telltale/theme.js";
import { everySecond } from "telltale/ui/ticker.js";
import { textSize } from "telltale/wall.js";

class Line extends HTMLElement {
  #ends = [];
  #drawn = "";
  #canvas = document.createElement("canvas");
  #resizes = new ResizeObserver(() => this.#redraw());
  #series = null;

  set series(series) {
    if (series === this.#series) return;
    this.#series = series;
    this.#redraw();
  }

  connectedCallback() {
    if (!this.#canvas.isConnected) this.append(this.#canvas);
    this.#resizes.observe(this);
    const redraw = () => this.#redraw();
    themes.addEventListener("change", redraw);
    model.addEventListener("view", redraw);
    this.#ends = [
      everySecond(() => mark(this)),
      () => themes.removeEventListener("change", redraw),
      () => model.removeEventListener("view", redraw),
    ];
  }

  disconnectedCallback() {
    this.#resizes.disconnect();
    for (const end of this.#ends.splice(0)) end();
  }

  #redraw() {
    this.#drawn = "";
    mark(this);
  }

  /** Once a second at most, and only when a pixel may have changed. */
  paint() {
    const { clientWidth: width, clientHeight: height } = this;
    if (!this.#series || !width || !height) return;
    const { from, to } = model.view.span(model.clock.now());
    const pixel = (to - from) / width;
    const key = `${this.#series.version} ${Math.floor(to / pixel)} ${this.#series.loaded}`;
    if (key === this.#drawn) return;
    this.#drawn = key;
    const scale = devicePixelRatio;
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    const context = this.#canvas.getContext("2d");
    context.scale(scale, scale);
    this.#draw(context, width, height, from, to);
  }

  #draw(context, width, height, from, to) {
    const stretch = stretchOf(this.#series, model.view);
    const [times, values, lows = values, highs = values] = stretch.columns.all;
    const first = Math.max(0, lowerBound(times, from) - 1);
    const last = Math.min(times.length, lowerBound(times, to) + 1) - 1;
    let [min, max] = [Infinity, -Infinity];
    for (let i = first; i <= last; i += 1) {
      min = Math.min(min, lows[i]);
      max = Math.max(max, highs[i]);
    }
    if (!Number.isFinite(min)) return;
    if (min === max) [min, max] = [min - 1, max + 1];
    const x = (t) => ((t - from) / (to - from)) * width;
    const y = (v) => 2 + (1 - (v - min) / (max - min)) * (height - 4);
    const boolean = this.#series.kind === "boolean";
    const broken = new Set(breaks(times, first, last, stretch));
    context.beginPath();
    for (let i = first; i <= last; i += 1) {
      if (i === first || broken.has(i)) context.moveTo(x(times[i]), y(values[i]));
      else if (boolean) {
        context.lineTo(x(times[i]), y(values[i - 1]));
        context.lineTo(x(times[i]), y(values[i]));
      } else {
        context.lineTo(x(times[i]), y(highs[i]));
        if (lows[i] !== highs[i]) context.lineTo(x(times[i]), y(lows[i]));
      }
    }
    context.lineWidth = (1.5 * textSize(11)) / 11;
    context.lineJoin = "round";
    context.strokeStyle = colour("--series-1");
    context.stroke();
  }
}

customElements.define("tt-line", Line);
