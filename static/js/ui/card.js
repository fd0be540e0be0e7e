/** The card of one series: label, newest value with unit and age, and its chart, or the newest changes of a text. */
import { html, nothing } from "lit";
import { me, model } from "telltale/context.js";
import { formatMoment, formatValue, titleOf } from "telltale/core/format.js";
import { staleAfter } from "telltale/core/interval.js";
import { breachText } from "telltale/core/limits.js";
import "telltale/ui/chart.js";
import "telltale/ui/changes.js";
import { plural, t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";
import { ageText, SIGNS, standingOf } from "telltale/ui/standing.js";
import { everySecond } from "telltale/ui/ticker.js";
import { unwatch, watch } from "telltale/visible.js";

/** Notes told under the pointer. */
const TOLD = 3;

class Card extends Element {
  static properties = { series: { attribute: false }, device: { attribute: false }, colour: { type: Number } };
  #near = false;
  #hover = null;

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
      model.watch(this.series, () => {
        if (this.#near) this.soon();
      }),
    );
    this.on(model, "connection");
    this.on(model, "annotations");
  }

  seen(near) {
    this.#near = near;
    if (near) this.soon();
  }

  /** live, stale or offline, by the server's time. */
  state(now) {
    const { latest, main, loaded } = this.series;
    if (this.device.state === "offline") return "offline";
    if (latest === null) return "stale";
    const { interval } = main;
    // one reading says nothing about the interval; its history will, in a moment
    if (interval === null && !loaded && this.#near) return "live";
    return now - latest.t > staleAfter(interval) ? "stale" : "live";
  }

  willUpdate() {
    this.dataset.series = this.series.name;
    this.#judge();
  }

  /** Off screen nothing is rendered, but the state stays true. */
  #judge() {
    const state = this.state(model.clock.now());
    if (this.dataset.state !== state) this.dataset.state = state;
  }

  render() {
    const { series } = this;
    const text = series.kind === "text";
    return html`<article aria-label="${titleOf(series)}, ${this.device.name || this.device.id}">
      <header>
        <h3 title=${series.metric}>${titleOf(series)}</h3>
        ${this.#notes()} ${this.#age()}
      </header>
      <p class="value" data-kind=${series.kind}>${this.#value(series.latest)} ${this.#breach()}</p>
      ${this.#at()}
      ${
        text
          ? html`<tt-changes data-series=${series.name} .series=${series}></tt-changes>`
          : html`<tt-chart
              role="img"
              data-series=${series.name}
              data-colour=${this.colour}
              .series=${series}
              .limits=${series.limits}
              @hover=${this.#hovered}
            ></tt-chart>`
      }
    </article>`;
  }

  #value(reading) {
    if (!reading) return "–";
    const { unit, decimals } = this.series;
    return html`<span class="number">${formatValue(reading.v, decimals)}</span
      >${unit ? html` <span class="unit">${unit}</span>` : nothing}`;
  }

  #breach() {
    const { limits, latest, unit } = this.series;
    const text = latest && breachText(limits, latest.v, unit);
    return text ? html`<span class="past-limit">${icons.warning}${text}</span>` : nothing;
  }

  /** What the chart shows under the pointer. */
  #at() {
    if (!this.#hover) return nothing;
    const { t: time, v, notes } = this.#hover;
    // charts hold booleans as 0 and 1, and a share between them where there are buckets
    const shown = this.series.kind === "boolean" && (v === 0 || v === 1) ? v === 1 : v;
    const now = model.clock.now();
    const value = html`<p><time>${formatMoment(time, now)}</time> <b>${formatValue(shown, this.series.decimals)}</b></p>`;
    return html`<div class="at">
      ${time === null ? nothing : value} ${notes.slice(-TOLD).map((one) => html`<p class="note">${one.text}</p>`)}
      ${notes.length > TOLD ? html`<p>${plural(notes.length - TOLD, "and {n} more note", "and {n} more notes")}</p>` : nothing}
    </div>`;
  }

  /** The way to the notes; there is none for who may not write and has nothing to read. */
  #notes() {
    const { from, to } = model.view.span(model.clock.now());
    const count = model.annotations.on(this.series.name, from, to).length;
    if (!count && !me.operator) return nothing;
    const open = () => this.dispatchEvent(new Event("notes", { bubbles: true }));
    return html`<button
      class="note-button"
      title=${t("Notes")}
      aria-label=${t("Notes on {what}: {n}", { what: titleOf(this.series), n: count || t("none") })}
      data-count=${count || nothing}
      @click=${open}
    >
      ${icons.flag}${count || nothing}
    </button>`;
  }

  #age() {
    const state = standingOf(this.series);
    const old = state !== "live" && state !== "none";
    return html`<p class="age" ?data-old=${old}>${SIGNS[state]}${ageText(this.series)}</p>`;
  }

  #hovered({ detail }) {
    const { t: time, v, notes } = detail;
    const none = time === null && !notes.length;
    if (none && this.#hover === null) return;
    this.#hover = none ? null : { t: time, v, notes };
    this.soon();
  }
}

customElements.define("tt-card", Card);
