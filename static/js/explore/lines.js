/** Series over time in one chart: two units, two axes; a band from lowest to highest where there are buckets; gaps as gaps. */
import { html } from "lit";
import { STEPS, timeLabels, timeSplits } from "telltale/core/axis.js";
import { lowerBound } from "telltale/core/columns.js";
import { formatCount, formatMoment, formatNumber, formatValue } from "telltale/core/format.js";
import { breaks } from "telltale/core/interval.js";
import { padded } from "telltale/core/ticks.js";
import { plural, t } from "telltale/core/words.js";
import { FONT } from "telltale/explore/figure.js";
import { store } from "telltale/explore/store.js";
import { colour, themes } from "telltale/theme.js";
import { Element } from "telltale/ui/element.js";

/** Dashes by the place of a series, so that colour is not alone. */
export const DASHES = [[], [8, 4], [2, 3], [12, 3, 2, 3], [5, 2], [14, 6]];
/** With fewer points than one in this many pixels, each is marked. */
const SPARSE = 14;
/** Rows of the table behind it. */
const ROWS = 300;

class Lines extends Element {
  static properties = { names: { attribute: false }, data: { attribute: false } };
  #plot = null;
  #open = false;
  #at = null;
  #keyed = false;
  #resizes = new ResizeObserver(() => {
    const box = this.querySelector(".plot");
    if (box?.clientWidth) this.#plot?.setSize({ width: box.clientWidth, height: box.clientHeight });
  });

  connectedCallback() {
    super.connectedCallback();
    this.on(themes, "change", () => this.#make());
    this.until(() => {
      this.#resizes.disconnect();
      this.#plot?.destroy();
      this.#plot = null;
    });
  }

  render() {
    const heads = this.names.map((name) => store.head(name)).join(", ");
    return html`<section class="chart">
      <h3 class="offstage">${heads}</h3>
      <div
        class="plot"
        role="figure"
        tabindex="0"
        aria-label="${heads}. ${this.#summary()} ${t("Arrow keys step through the readings; drag to zoom.")}"
        @keydown=${this.#key}
        @blur=${() => this.#step(null)}
      ></div>
      <p class="told-point" aria-live=${this.#keyed ? "polite" : "off"}>${this.#told()}</p>
      <details @toggle=${this.#toggle}>
        <summary>${t("As a table")}</summary>
        ${this.#open ? this.#table() : ""}
      </details>
    </section>`;
  }

  firstUpdated() {
    this.#resizes.observe(this.querySelector(".plot"));
  }

  updated(changed) {
    if (changed.has("names") || changed.has("data")) this.#make();
  }

  #summary() {
    const { from, to } = this.data;
    const span = { from: formatMoment(from, 0), to: formatMoment(to, 0) };
    const rows = this.names.reduce((sum, name) => sum + store.stretch(name).t.length, 0);
    return t("{points} from {from} to {to}.", { points: plural(rows, "{n} point", "{n} points"), ...span });
  }

  #told() {
    if (this.#at === null) return html`<span class="quiet">${this.#summary()} ${this.#buckets()}</span>`;
    const values = this.names.map((name) => [name, this.#near(name, this.#at)]).filter(([, value]) => value);
    return html`<b>${formatMoment(this.#at, 0)}</b> ${values.map(([name, value]) => html`<span class="value">${name}: ${value}</span>`)}`;
  }

  /** The value of a series at a time, if it has one there. */
  #near(name, at) {
    const stretch = store.stretch(name);
    const { unit, kind } = store.about(name);
    const i = lowerBound(stretch.t, at);
    const best = [i - 1, i].filter((one) => one in stretch.t).sort((a, b) => Math.abs(stretch.t[a] - at) - Math.abs(stretch.t[b] - at))[0];
    const reach = Math.max(stretch.interval ?? 0, stretch.resolution, 1);
    if (best === undefined || Math.abs(stretch.t[best] - at) > reach) return "";
    if (kind === "boolean" && !stretch.resolution) return formatValue(Boolean(stretch.v[best]));
    const value = `${formatNumber(stretch.v[best])} ${unit ?? ""}`.trim();
    if (!stretch.low) return value;
    return `${value} (${formatNumber(stretch.low[best])} – ${formatNumber(stretch.high[best])})`;
  }

  #buckets() {
    const coarse = this.names.filter((name) => store.stretch(name).resolution);
    return coarse.length ? t("Means, with a band from the lowest to the highest, where there are too many readings to show each.") : "";
  }

  #make() {
    const box = this.querySelector(".plot");
    this.#plot?.destroy();
    this.#plot = null;
    if (!box?.clientWidth) return;
    const stretches = this.names.map((name) => store.stretch(name));
    const empty = (one) => new Array(one.t.length).fill(null);
    const tables = stretches.map((one) => [one.t, one.v, one.low ?? empty(one), one.high ?? empty(one)]);
    const data = uPlot.join(tables);
    this.#plot = new uPlot(options(this.names, stretches, box, (at) => this.#point(at)), data, box);
    this.#plot.setScale("x", { min: this.data.from, max: this.data.to });
  }

  #point(at) {
    if (this.#keyed || at === this.#at) return;
    this.#at = at;
    this.soon();
  }

  #key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: 25, ArrowDown: -25 }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey || !this.#plot) return;
    event.preventDefault();
    const [times] = this.#plot.data;
    const now = this.#at === null ? (step > 0 ? -1 : times.length) : lowerBound(times, this.#at);
    this.#step(times[Math.max(0, Math.min(now + step, times.length - 1))] ?? null);
  }

  #step(at) {
    this.#keyed = at !== null;
    this.#at = at;
    const left = at === null ? -10 : this.#plot.valToPos(at, "x");
    this.#plot?.setCursor({ left, top: at === null ? -10 : 10 });
    this.soon();
  }

  #table() {
    const rows = new Map();
    for (const name of this.names) for (const at of store.stretch(name).t.slice(-ROWS)) rows.set(at, null);
    const times = [...rows.keys()].sort((a, b) => b - a).slice(0, ROWS);
    return html`<div class="scroll" tabindex="0" role="group" aria-label=${t("Newest readings")}>
      <table>
        <thead>
          <tr>
            <th scope="col">${t("Time")}</th>
            ${this.names.map((name) => html`<th scope="col" class="number">${store.head(name)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${times.map(
            (at) =>
              html`<tr>
                <th scope="row">${formatMoment(at, 0)}</th>
                ${this.names.map((name) => html`<td class="number">${exact(name, at)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #toggle(event) {
    this.#open = event.target.open;
    this.soon();
  }
}

function exact(name, at) {
  const { t: times, v } = store.stretch(name);
  const i = lowerBound(times, at);
  return times[i] === at ? formatNumber(v[i]) : "";
}

/** Scale and axis by unit; on/off is a unit of its own. */
export const unitOf = (name) => (store.about(name).kind === "boolean" ? t("on/off") : (store.about(name).unit ?? ""));


function options(names, stretches, box, told) {
  const units = [...new Set(names.map(unitOf))];
  const boolean = (unit) => names.some((name) => unitOf(name) === unit && store.about(name).kind === "boolean");
  const of = (unit) => `y${units.indexOf(unit)}`;
  const axisOf = (unit, i) => ({
    ...{ scale: of(unit), side: i ? 1 : 3, font: FONT, stroke: () => colour("--ink-3"), ticks: { show: false } },
    ...{ grid: { show: i === 0, stroke: () => colour("--grid"), width: 1 }, gap: 6, space: 34, size: width },
    ...{ label: unit, labelFont: FONT, labelSize: unit ? 20 : 0, labelGap: 0 },
    splits: boolean(unit) ? () => [0, 1] : undefined,
    values: (_plot, splits) => splits.map((value) => (boolean(unit) ? (value ? t("on") : t("off")) : formatNumber(value))),
  });
  const series = names.flatMap((name, i) => lines(name, stretches[i], of(unitOf(name))));
  return {
    ...{ width: box.clientWidth, height: box.clientHeight, ms: 1, legend: { show: false }, padding: [10, units.length > 1 ? 0 : 22, 0, 0] },
    scales: {
      x: { time: true },
      ...Object.fromEntries(units.map((unit) => [of(unit), { range: (_plot, min, max) => (boolean(unit) ? [-0.1, 1.1] : min === null ? [0, 1] : padded(min, max)) }])),
    },
    axes: [
      {
        ...{ font: FONT, stroke: () => colour("--ink-3"), ticks: { show: false }, grid: { show: false }, size: 24, gap: 4, space: 76 },
        incrs: STEPS,
        splits: (_plot, _axis, min, max, step) => timeSplits(min, max, step),
        values: (_plot, splits, _axis, _space, step) => timeLabels(splits, step),
      },
      ...units.map(axisOf),
    ],
    series: [{}, ...series],
    bands: names.flatMap((name, i) => (stretches[i].low ? [{ series: [3 * i + 3, 3 * i + 2], fill: () => colour(`--series-${place(name)}-soft`) }] : [])),
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false, dist: 5 },
      points: { show: false },
      sync: { key: "explore", setSeries: false },
      bind: { dblclick: () => () => (store.back(), null) },
    },
    hooks: {
      setCursor: [({ cursor, posToVal }) => told(cursor.left >= 0 ? posToVal(cursor.left, "x") : null)],
      setSelect: [
        (plot) => {
          if (plot.select.width <= 0) return;
          const [from, to] = [plot.select.left, plot.select.left + plot.select.width].map((left) => plot.posToVal(left, "x"));
          plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          if (to - from >= 1_000) store.zoom(from, to);
        },
      ],
    },
  };
}

const place = (name) => store.state.series.indexOf(name) + 1;
const width = (_plot, labels) => Math.max(40, 14 + 6.6 * Math.max(0, ...(labels ?? []).map((text) => text.length)));

function lines(name, stretch, scale) {
  const line = uPlot.paths.linear();
  const steps = uPlot.paths.stepped({ align: 1 });
  const paths = store.about(name).kind === "boolean" && !stretch.resolution ? steps : line;
  const gaps = (plot) => {
    const found = breaks(stretch.t, 0, stretch.t.length - 1, stretch);
    const x = (t) => Math.round(plot.valToPos(t, "x", true));
    return found.map((i) => [x(stretch.t[i - 1]), x(stretch.t[i])]);
  };
  const alone = (plot, index) => {
    const [first, last] = plot.series[0].idxs;
    const shown = plot.data[index].slice(first, last + 1).filter((value) => value !== undefined && value !== null).length;
    return shown < plot.bbox.width / devicePixelRatio / SPARSE;
  };
  const stroke = () => colour(`--series-${place(name)}`);
  const points = { show: alone, size: 5, fill: stroke, stroke: null, width: 0 };
  const edge = { scale, stroke: null, width: 0, points: { show: false }, paths: line, gaps, auto: Boolean(stretch.low) };
  return [{ label: name, scale, stroke, width: 1.5, dash: DASHES[place(name) - 1], paths, gaps, points }, edge, { ...edge }];
}

customElements.define("tt-lines", Lines);
