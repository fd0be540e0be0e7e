/**
 * The tile of one series: name, newest value with unit, age and trend, and its recent past as a sparkline. Near the
 * screen it is kept up to date, at most once a frame; its line is drawn only as often as a pixel could change.
 */
import { html, nothing } from "lit";
import { pageUrl } from "telltale/api.js";
import { model } from "telltale/context.js";
import { formatAge, formatMoment, formatSpan, formatValue, titleOf } from "telltale/core/format.js";
import { label } from "telltale/core/inventory.js";
import { breachText } from "telltale/core/limits.js";
import { trend } from "telltale/core/spark.js";
import { canonical, converter } from "telltale/core/units.js";
import { t } from "telltale/core/words.js";
import { layout } from "telltale/layout.js";
import { sparks } from "telltale/sparks.js";
import { themes } from "telltale/theme.js";
import { controls } from "telltale/ui/arrange.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";
import { drawSpark } from "telltale/ui/spark.js";
import { SIGNS } from "telltale/ui/standing.js";
import { drawTimeline } from "telltale/ui/timeline.js";
import { everySecond } from "telltale/ui/ticker.js";
import { unwatch, watch } from "telltale/visible.js";

/** Series colours there are. */
export const COLOURS = 6;
/** ms between two drawings of a line. */
const FASTEST = 1000 / 30;
const SLOWEST = 1_000;

const resizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) target.closest("tt-tile")?.resized(contentRect);
});

const TRENDS = { up: () => t("rising"), down: () => t("falling"), steady: () => t("steady") };

const TREND_ICONS = { up: icons.rise, down: icons.fall, steady: icons.steady };

class Tile extends Element {
  static properties = {
    tile: { attribute: false, hasChanged: (now, before) => !same(now, before) },
    arranging: { type: Boolean },
    named: { type: Boolean },
  };
  #near = false;
  #past = null;
  #range = 0;
  #kind = "";
  #size = null;
  #drawn = 0;
  #trend = null;

  connectedCallback() {
    super.connectedCallback();
    watch(this);
    this.until(() => unwatch(this));
    this.until(
      everySecond(() => {
        if (this.#near) this.soon();
        else this.#judge();
      }),
    );
    this.until(
      model.watch(this.tile.series, () => {
        if (this.#near) this.soon();
      }),
    );
    const redraw = () => {
      this.#drawn = 0;
      if (this.#near) this.soon();
    };
    this.on(model, "connection");
    this.on(layout, "change");
    this.on(model, "view", redraw);
    this.on(themes, "change", redraw);
    this.until(() => {
      this.#drop();
      if (this.canvas) resizes.unobserve(this.canvas);
      this.canvas = null;
    });
  }

  /** Called when the tile comes near the screen and when it leaves. */
  seen(near) {
    this.#near = near;
    if (near) this.soon();
    else this.#drop();
  }

  resized({ width, height }) {
    this.#size = { width, height };
    this.#drawn = 0;
    this.soon();
  }

  willUpdate() {
    const { series, look } = this.tile;
    const range = look.range ?? model.view.range;
    if (this.#near && this.isConnected) {
      if (range !== this.#range || series.kind !== this.#kind) this.#drop();
      this.#past ??= sparks.show(series, range, () => this.#fetched());
      this.#range = range;
      this.#kind = series.kind;
    }
    this.dataset.series = series.name;
    this.dataset.size = look.size;
    this.toggleAttribute("data-hidden", look.hidden);
    this.#judge();
  }

  /** Off screen nothing is rendered, but the state stays true. */
  #judge() {
    const state = sparks.state(this.tile.device, this.tile.series);
    if (this.dataset.state !== state) this.dataset.state = state;
  }

  render() {
    const { series, device, look } = this.tile;
    const title = look.title ?? titleOf(series);
    const wanted = series.unit ? (look.unit ?? layout.layers.unit(canonical(series.unit))) : null;
    const convert = wanted ? converter(series.unit, wanted) : null;
    return html`<article aria-label="${title}, ${label(device)}" data-colour=${this.#colour}>
      <p class="name">
        <a href=${pageUrl("series", [["name", series.name]])} title=${series.metric}>${title}</a>
        ${this.named ? html`<span class="of">${label(device)}</span>` : nothing}
      </p>
      <p class="value" data-kind=${series.kind}>${this.#value(convert, wanted)} ${this.#breach(convert, wanted)} ${this.#trendMark()}</p>
      ${look.size === "S" ? nothing : html`<canvas aria-hidden="true" data-kind=${series.kind}></canvas>`}
      ${this.#age()} ${this.arranging ? controls(this.tile, title) : nothing}
    </article>`;
  }

  updated() {
    const canvas = this.querySelector("canvas");
    if (canvas !== this.canvas) {
      if (this.canvas) resizes.unobserve(this.canvas);
      if (canvas) resizes.observe(canvas);
      this.canvas = canvas;
      this.#drawn = 0;
    }
    this.#draw();
  }

  #value(convert, wanted) {
    const { latest, decimals, unit } = this.tile.series;
    if (!latest) return html`<span class="number">–</span>`;
    const isNumber = typeof latest.v === "number";
    const value = convert && isNumber ? convert(latest.v) : latest.v;
    const shown = convert && isNumber ? wanted : canonical(unit);
    return html`<span class="number" title=${isNumber ? nothing : String(latest.v)}>${formatValue(value, decimals)}</span
      >${shown && isNumber ? html` <span class="unit">${shown}</span>` : nothing}`;
  }

  #breach(convert, wanted) {
    const { limits, latest, unit } = this.tile.series;
    const text = latest && breachText(limits, latest.v, (convert && wanted) || canonical(unit), convert ?? undefined);
    return text ? html`<span class="past-limit" title=${text}>${icons.warning}<span>${text}</span></span>` : nothing;
  }

  #trendMark() {
    if (!this.#trend || this.dataset.state !== "live" || this.tile.series.kind !== "number") return nothing;
    return html`<span class="trend" data-trend=${this.#trend} title=${TRENDS[this.#trend]()}
      >${TREND_ICONS[this.#trend]}<span class="offstage">${TRENDS[this.#trend]()}</span></span
    >`;
  }

  #age() {
    const { latest } = this.tile.series;
    const now = model.clock.now();
    const { state } = this.dataset;
    if (!latest) return html`<p class="age" data-old>${t("no reading")}</p>`;
    if (model.connection !== "live")
      return html`<p class="age" data-old>${SIGNS.lost}${t("no connection, as of {time}", { time: formatMoment(latest.t, now) })}</p>`;
    const age = formatSpan(now - latest.t);
    if (state === "offline") return html`<p class="age" data-old>${SIGNS.offline}${t("offline, {age} ago", { age })}</p>`;
    if (state === "stale") return html`<p class="age" data-old>${SIGNS.stale}${t("stale, {age} ago", { age })}</p>`;
    return html`<p class="age">${formatAge(now - latest.t)}</p>`;
  }

  get #colour() {
    return this.tile.look.colour ?? 1 + (this.tile.index % COLOURS);
  }

  #fetched() {
    this.#drawn = 0;
    this.soon();
  }

  #drop() {
    this.#past?.end();
    this.#past = null;
  }

  #draw() {
    if (!this.canvas || !this.#size?.width || !this.#past) return;
    const { series, look } = this.tile;
    const pixel = this.#range / this.#size.width;
    const moment = performance.now();
    if (moment - this.#drawn < Math.min(Math.max(pixel, FASTEST), SLOWEST) - FASTEST / 2) return;
    const now = model.clock.now();
    const { spark } = this.#past;
    spark.trim(now);
    if (spark.boxes) {
      this.#drawn = moment;
      drawTimeline(this.canvas, this.#size, spark.boxes(now), { now, range: this.#range, colour: this.#colour });
      return;
    }
    const columns = spark.columns();
    if (columns.t.length > 1) this.#drawn = moment;
    const colour = this.#colour;
    drawSpark(this.canvas, this.#size, columns, {
      now,
      range: this.#range,
      look: { ...look, colour },
      boolean: series.kind === "boolean",
    });
    const found = columns.t.length ? trend(columns, now, this.#range) : null;
    if (found !== this.#trend) {
      this.#trend = found;
      this.soon();
    }
  }
}

function same(a, b) {
  const said = ({ look }) => JSON.stringify(Object.entries(look).sort());
  return b && a.series === b.series && a.device === b.device && a.index === b.index && said(a) === said(b);
}

customElements.define("tt-tile", Tile);
