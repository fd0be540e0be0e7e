/** States over time, one strip a series (`series`: boolean or text ones), with what holds now or at the crosshair. */
import { html, nothing, repeat } from "lit";
import { pageUrl } from "telltale/api.js";
import { model } from "telltale/context.js";
import { formatMoment, formatValue, titleOf } from "telltale/core/format.js";
import { columnsOf, csvOf, fileName, rowsOf } from "telltale/core/shown.js";
import { stretchOf } from "telltale/core/view.js";
import { t } from "telltale/core/words.js";
import { download } from "telltale/download.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";
import { ageText, SIGNS, standingOf } from "telltale/ui/standing.js";
import "telltale/ui/strip.js";
import { everySecond } from "telltale/ui/ticker.js";

const COLOURS = 6;
/** Rows of the table at first, and more at each click. */
const ROWS = 200;

class States extends Element {
  static properties = { series: { attribute: false } };
  #table = 0;
  #at = null;
  #held = new Map();

  connectedCallback() {
    super.connectedCallback();
    this.until(everySecond(this.soon));
    this.on(model, "view");
    this.on(model, "connection");
  }

  /** The strips lie exactly above or below the nearest chart of the same column: one moment is one place. */
  updated() {
    const own = this.querySelector("section");
    const box = own.getBoundingClientRect();
    const plots = [...document.querySelectorAll("tt-figure .u-over")].map((one) => one.getBoundingClientRect());
    const found = plots.find(({ left, right }) => left > box.left && right < box.right + 1 && left < box.left + box.width / 2);
    if (!found) return;
    const style = getComputedStyle(own);
    const left = found.left - box.left - parseFloat(style.paddingLeft) - parseFloat(style.borderLeftWidth);
    const right = box.right - found.right - parseFloat(style.paddingRight) - parseFloat(style.borderRightWidth);
    own.style.setProperty("--left", `${Math.max(0, left)}px`);
    own.style.setProperty("--right", `${Math.max(0, right)}px`);
  }

  /** What the strips show. */
  get shown() {
    return this.series.map((one) => ({
      ...{ name: one.name, unit: one.unit, kind: one.kind },
      stretch: stretchOf(one, model.view),
    }));
  }

  render() {
    const now = model.clock.now();
    const { from, to } = model.view.span(now);
    return html`<section class="figure states" aria-label=${t("States")}>
      <header>
        <h3 aria-level="2">${t("States")}</h3>
        <div class="acts">
          <button class="small" aria-expanded=${String(this.#table > 0)} @click=${this.#toggle}>
            ${icons.table}<span>${t("Table")}</span>
          </button>
          <button class="small" @click=${this.#save}>${icons.download}<span>CSV</span></button>
        </div>
      </header>
      <ul>
        ${repeat(
          this.series,
          (one) => one.name,
          (one, at) => this.#row(one, at),
        )}
      </ul>
      <p class="ends">
        <time>${formatMoment(from, now)}</time>
        ${this.#at === null ? nothing : html`<time class="at-line">${formatMoment(this.#at, now)}</time>`}
        <time>${formatMoment(to, now)}</time>
      </p>
      ${this.#table ? this.#rows(now) : nothing}
    </section>`;
  }

  #row(one, at) {
    const state = standingOf(one);
    const stale = state !== "live";
    const held = this.#at === null ? null : this.#held.get(one.name);
    return html`<li data-series=${one.name}>
      <a class="name" href=${pageUrl("/series", [["name", one.name]])}>${titleOf(one)}</a>
      <span class="state" ?data-old=${stale}
        ><b>${this.#at === null ? formatValue(one.latest?.v ?? "–") : worded(one, held)}</b>
        ${this.#at === null ? html`<span class="age" ?data-old=${stale} data-state=${state}>${SIGNS[state]}${ageText(one)}</span>` : nothing}</span
      >
      <tt-strip
        data-series=${one.name}
        data-colour=${1 + (at % COLOURS)}
        .series=${one}
        @hover=${({ detail }) => this.#hovered(one, detail)}
      ></tt-strip>
    </li>`;
  }

  #rows(now) {
    const lines = this.shown;
    const rows = rowsOf(lines, model.view.span(now)).reverse();
    return html`<div class="rows" tabindex="0" role="region" aria-label=${t("Table")}>
      <table>
        <thead>
          <tr>
            <th scope="col">${t("Time")}</th>
            ${columnsOf(lines).map(({ line }) => html`<th scope="col">${line.name}</th>`)}
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

  #hovered(one, { at, v }) {
    this.#at = at;
    this.#held.set(one.name, v);
    this.soon();
  }

  #toggle() {
    this.#table = this.#table ? 0 : ROWS;
    this.requestUpdate();
  }

  #more() {
    this.#table += 5 * ROWS;
    this.requestUpdate();
  }

  #save() {
    const span = model.view.span(model.clock.now());
    download(fileName(`${this.series[0].device} ${t("States")}`, span.from), csvOf(this.shown, span));
  }
}

function worded(one, value) {
  if (value === null || value === undefined) return "–";
  if (one.kind === "text") return value;
  if (value === 0 || value === 1) return formatValue(value === 1);
  return t("on and off");
}

customElements.define("tt-states", States);
