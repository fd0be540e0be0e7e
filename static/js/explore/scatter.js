/** Two series against each other: a point for each step of time in which both have readings, and the line through them. */
import { html, nothing } from "lit";
import { STEPS, aligned, correlation, stepFor, strength } from "telltale/core/correlation.js";
import { formatCount, formatMoment, formatNumber, formatSpan } from "telltale/core/format.js";
import { padded, ticks } from "telltale/core/ticks.js";
import { plural, t } from "telltale/core/words.js";
import { Figure, axis } from "telltale/explore/figure.js";
import { store } from "telltale/explore/store.js";
import { colour } from "telltale/theme.js";

const MARGIN = { left: 62, right: 14, top: 12, bottom: 42 };
/** A pointer this close (pixels) means the point. */
const NEAR = 16;
/** Rows of the table behind it. */
const ROWS = 500;

class Scatter extends Figure {
  static properties = { pairs: { attribute: false }, x: {}, y: {}, step: { type: Number } };

  willUpdate(changed) {
    if (!changed.has("pairs")) return;
    this.at = null;
    this.found = correlation(this.pairs);
  }

  get title() {
    return t("{y} against {x}", { x: store.head(this.x), y: store.head(this.y) });
  }

  get count() {
    return this.pairs.t.length;
  }

  get summary() {
    const { n, r } = this.found;
    const step = formatSpan(this.step);
    if (!n) return t("There is no step of {step} in which both have readings.", { step });
    const pairs = plural(n, "{n} pair of means over {step}", "{n} pairs of means over {step}", { step });
    if (r === null) return t("{pairs}: too few, or one side does not vary, so there is no coefficient.", { pairs });
    const how = { word: strength(r), way: r < 0 ? t("falling") : t("rising") };
    return `${pairs}: ${t("{word}, {way} together", how)}, r = ${r.toFixed(3)}.`;
  }

  told(i) {
    const { t: times, x, y } = this.pairs;
    const values = { time: formatMoment(times[i], 0), x: this.#value(this.x, x[i]), y: this.#value(this.y, y[i]) };
    return html`<b>${values.time}</b> ${this.x}: ${values.x}, ${this.y}: ${values.y}`;
  }

  #value(name, value) {
    return `${formatNumber(value)} ${store.about(name).unit ?? ""}`.trim();
  }

  #scales(width, height) {
    const of = (values, a, b) => {
      const [min, max] = padded(...extremes(values));
      return { min, max, place: (value) => a + ((value - min) / (max - min)) * (b - a) };
    };
    const box = { left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom };
    return { box, x: of(this.pairs.x, box.left, box.right), y: of(this.pairs.y, box.bottom, box.top) };
  }

  draw(pen, width, height) {
    if (!this.count) return;
    const { box, x, y } = this.#scales(width, height);
    axis(pen, ticks(x.min, x.max, (box.right - box.left) / 80), { place: x.place, label: formatNumber, box, below: true });
    axis(pen, ticks(y.min, y.max, (box.bottom - box.top) / 44), { place: y.place, label: formatNumber, box });
    pen.fillStyle = colour("--ink-2");
    pen.textAlign = "right";
    pen.fillText(store.head(this.x), box.right, box.bottom + 24, box.right - box.left);
    pen.textAlign = "left";
    pen.textBaseline = "top";
    pen.fillText(store.head(this.y), box.left + 6, box.top, box.right - box.left);
    pen.save();
    pen.beginPath();
    pen.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    pen.clip();
    pen.fillStyle = colour("--series-1");
    pen.globalAlpha = Math.min(0.85, Math.max(0.25, 400 / this.count));
    for (let i = 0; i < this.count; i += 1) dot(pen, x.place(this.pairs.x[i]), y.place(this.pairs.y[i]), 2.6);
    pen.globalAlpha = 1;
    const { slope, intercept } = this.found;
    if (slope !== null) {
      pen.strokeStyle = colour("--series-2");
      pen.lineWidth = 2;
      pen.beginPath();
      for (const at of [x.min, x.max]) pen.lineTo(x.place(at), y.place(intercept + slope * at));
      pen.stroke();
    }
    if (this.at !== null) {
      pen.fillStyle = colour("--ink");
      dot(pen, x.place(this.pairs.x[this.at]), y.place(this.pairs.y[this.at]), 5);
    }
    pen.restore();
  }

  hit(left, top) {
    const { width, height } = this.querySelector(".plot").getBoundingClientRect();
    const { x, y } = this.#scales(width, height);
    let [best, near] = [null, NEAR * NEAR];
    for (let i = 0; i < this.count; i += 1) {
      const off = (x.place(this.pairs.x[i]) - left) ** 2 + (y.place(this.pairs.y[i]) - top) ** 2;
      if (off < near) [best, near] = [i, off];
    }
    return best;
  }

  table() {
    const rows = this.pairs.t.slice(-ROWS).map((at, i, { length }) => {
      const place = this.count - length + i;
      return [formatMoment(at, 0), formatNumber(this.pairs.x[place]), formatNumber(this.pairs.y[place])];
    });
    return { heads: [t("Time"), store.head(this.x), store.head(this.y)], rows: rows.reverse() };
  }
}

function extremes(values) {
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) [min, max] = [Math.min(min, value), Math.max(max, value)];
  return [min, max];
}

function dot(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

customElements.define("tt-scatter", Scatter);

/** What the correlation view shows of the state: {x, y, step, least, pairs}, or null without two series of numbers. */
export function correlated() {
  const { x, y, step } = store.state;
  const [a, b] = [store.stretch(x), store.stretch(y)];
  if (!a || !b) return null;
  const least = stepFor(a, b);
  const width = STEPS.includes(step) && step >= Math.max(a.resolution, b.resolution) ? step : least;
  return { x, y, step: width, least, pairs: aligned(a, b, width) };
}

/** The correlation view: which two, over which steps, the chart, and the figures with what they are worth. */
export function scatterView() {
  const { state } = store;
  const numbers = state.series.filter((name) => store.stretch(name));
  const found = correlated();
  const select = (axisName, title) => html`<label
    >${title}
    <select @change=${(event) => store.set({ [axisName]: event.target.value })}>
      ${numbers.map((name) => html`<option value=${name} ?selected=${name === state[axisName]}>${store.head(name)}</option>`)}
    </select></label
  >`;
  const steps = STEPS.filter((step) => !found || step >= Math.max(store.stretch(found.x).resolution, store.stretch(found.y).resolution));
  return html`<div class="fields">
      ${select("x", t("Across"))} ${select("y", t("Upwards"))}
      <label
        >${t("Means over")}
        <select @change=${(event) => store.set({ step: Number(event.target.value) || null })}>
          <option value="" ?selected=${state.step === null}>
            ${found ? t("automatic ({step})", { step: formatSpan(found.least) }) : t("automatic")}
          </option>
          ${steps.map((step) => html`<option value=${step} ?selected=${step === state.step}>${formatSpan(step)}</option>`)}
        </select></label
      >
    </div>
    ${
      found
        ? html`<tt-scatter .pairs=${found.pairs} x=${found.x} y=${found.y} step=${found.step}></tt-scatter>${figures(found)}`
        : html`<p class="quiet waiting">${t("A correlation needs two series of numbers with readings in this span.")}</p>`
    }`;
}

function figures({ x, y, pairs }) {
  const { n, independent, r, rank, slope, intercept } = correlation(pairs);
  const [up, across] = [store.about(y).unit, store.about(x).unit];
  const unit = up || across ? `${up ?? "1"} / ${across ?? "1"}` : "";
  const rows = [
    [t("Correlation r"), r === null ? "–" : r.toFixed(3), t("Pearson: how well a straight line describes it")],
    [t("Rank correlation ρ"), rank === null ? "–" : rank.toFixed(3), t("Spearman: whether they rise together, on any curve")],
    [t("Explained r²"), r === null ? "–" : `${(100 * r * r).toFixed(1)} %`, t("of the variation, by the line")],
    [t("Line"), slope === null ? "–" : `${formatNumber(slope)} ${unit}`.trim(), slope === null ? "" : t("and {value} where the other is 0", { value: formatNumber(intercept) })],
    [t("Pairs n"), formatCount(n), t("left out, as the other has none: {x} and {y} steps", { x: formatCount(pairs.alone[0]), y: formatCount(pairs.alone[1]) })],
    [t("Worth about"), formatCount(independent), t("independent pairs: neighbours in time are alike")],
  ];
  return html`<dl class="facts">
    ${rows.map(
      ([name, value, about]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
          ${about ? html`<dd class="quiet">${about}</dd>` : nothing}
        </div>`,
    )}
  </dl>`;
}
