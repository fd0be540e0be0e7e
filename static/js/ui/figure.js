/**
 * A chart with what belongs to it: legend (a click hides a line, alt and click leaves it alone), the values at the
 * crosshair, thresholds that are broken, the table behind it and CSV of exactly what is shown.
 */
import { html, nothing, repeat } from "lit";
import { me, model } from "telltale/context.js";
import { formatMoment, formatValue, titleOf } from "telltale/core/format.js";
import { breachText } from "telltale/core/limits.js";
import { toggled } from "telltale/core/lines.js";
import { columnsOf, csvOf, fileName, rowsOf } from "telltale/core/shown.js";
import { t } from "telltale/core/words.js";
import { download } from "telltale/download.js";
import "telltale/ui/chart.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";
import { ageText, SIGNS, standingOf } from "telltale/ui/standing.js";
import "telltale/ui/strip.js";
import { everySecond } from "telltale/ui/ticker.js";

/** Rows of a table at first, and more at each click. */
const ROWS = 200;
const PARTS = { value: () => t("mean"), low: () => t("lowest"), high: () => t("highest") };

class Figure extends Element {
  static properties = {
    lines: { attribute: false },
    /** Thresholds in place of those of the first series; null: those. */
    limits: { attribute: false },
    heading: { attribute: false },
    href: { attribute: false },
  };
  #hover = null;
  #table = 0;
  #said = "";
  #watched = [];

  constructor() {
    super();
    this.lines = [];
    this.limits = null;
    this.heading = "";
    this.href = "";
    this.muted = new Set();
  }

  connectedCallback() {
    super.connectedCallback();
    this.until(everySecond(this.soon));
    this.on(model, "connection");
    this.on(model, "view");
    this.on(model, "annotations");
  }

  willUpdate(changed) {
    if (!changed.has("lines")) return;
    for (const end of this.#watched.splice(0)) end();
    this.#watched = this.lines.filter(({ ghost }) => !ghost).map(({ series }) => model.watch(series, this.soon));
    this.dataset.series = this.lines[0]?.series.name ?? "";
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    for (const end of this.#watched.splice(0)) end();
  }

  updated(changed) {
    const chart = this.querySelector("tt-chart");
    if (!chart) return;
    if (changed.has("lines")) chart.lines = this.lines;
    chart.limits = this.#limitsOf(this.lines[0]);
    chart.muted = this.muted;
  }

  /** The way to the notes on the first line; there is none for who may not write and has nothing to read. */
  #note() {
    const { series } = this.lines[0] ?? {};
    const { from, to } = this.span;
    const count = series ? model.annotations.on(series.name, from, to).length : 0;
    if (!series || (!count && !me.operator)) return nothing;
    const open = () => this.dispatchEvent(new CustomEvent("note", { detail: series, bubbles: true }));
    return html`<button class="small" aria-label=${t("Notes on {what}: {n}", { what: titleOf(series), n: count })} @click=${open}>
      ${icons.flag}<span>${count || nothing}</span>
    </button>`;
  }

  /** Lines that are not hidden, with what is drawn of them. */
  get shown() {
    const chart = this.querySelector("tt-chart");
    const lines = this.lines.filter(({ key }) => !this.muted.has(key));
    const stretch = (line) => chart.stretch(line);
    return lines.map((line) => ({
      ...{ name: line.ghost ? line.name : line.series.name, unit: line.series.unit, kind: line.series.kind },
      stretch: stretch(line),
    }));
  }

  get span() {
    return (this.querySelector("tt-chart")?.view ?? model.view).span(model.clock.now());
  }

  render() {
    const heading = this.heading || this.lines.map(named).join(", ");
    return html`<section class="figure" aria-label=${heading}>
      <header>
        ${this.heading ? html`<h3 aria-level="2">${this.href ? html`<a href=${this.href}>${this.heading}</a>` : this.heading}</h3>` : nothing}
        ${this.#legend()}
        <div class="acts">
          ${this.#note()}
          <button class="small" aria-expanded=${String(this.#table > 0)} @click=${this.#toggleTable}>
            ${icons.table}<span>${t("Table")}</span>
          </button>
          <button class="small" @click=${this.#save}>${icons.download}<span>CSV</span></button>
        </div>
      </header>
      ${this.#breaches()}
      <tt-chart
        role="figure"
        steps
        data-series=${this.lines[0]?.series.name ?? ""}
        data-colour=${this.lines[0]?.colour ?? 1}
        .series=${this.lines[0]?.series}
        @hover=${this.#hovered}
        @step=${this.#stepped}
      ></tt-chart>
      ${this.#notes()}
      <p class="offstage" role="status">${this.#said}</p>
      ${this.#table ? this.#rows() : nothing}
    </section>`;
  }

  #legend() {
    const keys = this.lines.map(({ key }) => key);
    return html`<span class="legend">
      ${repeat(
        this.lines,
        ({ key }) => key,
        (line, at) => html`<button
          class="key"
          aria-pressed=${String(!this.muted.has(line.key))}
          title=${t("Show or hide; with alt: only this one")}
          data-colour=${line.colour}
          data-dash=${this.lines.length > 1 ? at % 6 : 0}
          @click=${(event) => this.#mute(line.key, keys, event.altKey)}
        >
          <svg class="swatch" viewBox="0 0 20 4" aria-hidden="true"><path d="M0 2h20"></path></svg
          ><span class=${this.heading && this.lines.length === 1 ? "offstage" : "name"}>${named(line)}</span> ${this.#value(line)}
        </button>`,
      )}
    </span>`;
  }

  /** At the crosshair, else the newest; its age beside it, and whether it is still true. */
  #value(line) {
    const { series } = line;
    const now = model.clock.now();
    const unit = series.unit ? html` <span class="unit">${series.unit}</span>` : nothing;
    if (this.#hover) {
      const point = this.#hover.get(line.key);
      if (!point) return html`<b>–</b>`;
      return html`<b>${formatValue(valueOf(series, point.v), series.decimals)}</b>${unit}
        <time>${formatMoment(line.ghost ? point.t - line.ghost.offset : point.t, now)}</time>`;
    }
    if (line.ghost) return nothing;
    if (!series.latest) return html`<i>${t("no reading")}</i>`;
    const state = standingOf(series);
    const stale = state !== "live";
    return html`<b ?data-old=${stale}>${formatValue(series.latest.v, series.decimals)}</b>${unit}
      <span class="age" ?data-old=${stale} data-state=${state}>${SIGNS[state]}${ageText(series)}</span>`;
  }

  /** Those that are drawn are of the first line, whose axis is the left one. */
  #limitsOf(line) {
    if (!line || line.ghost) return [];
    return (line === this.lines[0] ? this.limits : null) ?? line.series.limits;
  }

  #breaches() {
    const told = this.lines.flatMap((line) => {
      const { latest, unit } = line.series;
      const text = latest && breachText(this.#limitsOf(line), latest.v, unit);
      return text ? [this.lines.length > 1 ? `${named(line)}: ${text}` : text] : [];
    });
    if (!told.length) return nothing;
    return html`<p class="breach">${icons.warning}<strong>${told.join("; ")}</strong></p>`;
  }

  #notes() {
    const notes = this.#hover?.notes ?? [];
    return notes.length ? html`<div class="pointed">${notes.map((one) => html`<p>${one.text}</p>`)}</div>` : nothing;
  }

  #rows() {
    const lines = this.shown;
    const rows = rowsOf(lines, this.span).reverse();
    const columns = columnsOf(lines);
    const now = model.clock.now();
    const head = ({ line, part }) =>
      `${line.name}${line.stretch.resolution && !line.stretch.columns.text ? `, ${PARTS[part]()}` : ""}${line.unit ? ` (${line.unit})` : ""}`;
    return html`<div class="rows" tabindex="0" role="region" aria-label=${t("Table")}>
      <table>
        <caption class="offstage">
          ${t("What the chart shows, the newest first")}
        </caption>
        <thead>
          <tr>
            <th scope="col">${t("Time")}</th>
            ${columns.map((one) => html`<th scope="col">${head(one)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.slice(0, this.#table).map(
            ([at, ...cells]) =>
              html`<tr>
                <th scope="row">${formatMoment(at, now)}</th>
                ${cells.map((cell) => html`<td>${cell === null ? "" : formatValue(cell)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
      ${
        rows.length > this.#table
          ? html`<button @click=${this.#more}>${t("{n} more rows", { n: rows.length - this.#table })}</button>`
          : nothing
      }
    </div>`;
  }

  #mute(key, keys, solo) {
    this.muted = toggled(this.muted, key, keys, solo);
    this.requestUpdate();
  }

  #toggleTable() {
    this.#table = this.#table ? 0 : ROWS;
    this.requestUpdate();
  }

  #more() {
    this.#table += 5 * ROWS;
    this.requestUpdate();
  }

  #save() {
    const span = this.span;
    download(fileName(this.heading || this.lines.map(named).join(" "), span.from), csvOf(this.shown, span));
  }

  #hovered({ detail: { at, values, keys, notes } }) {
    if (at === null && this.#hover === null) return;
    this.#hover = at === null ? null : new Map(keys.map((key, n) => [key, values[n]]));
    if (this.#hover) this.#hover.notes = notes;
    this.soon();
  }

  #stepped({ detail }) {
    this.#said = detail.text;
    this.requestUpdate();
  }
}

const named = (line) => line.name ?? titleOf(line.series);
const valueOf = (series, value) => (series.kind === "boolean" && (value === 0 || value === 1) ? value === 1 : value);

customElements.define("tt-figure", Figure);
