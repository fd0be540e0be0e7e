/**
 * What span of time is shown, and the ways to change it: the badge (live, paused, history), presets, pause, back to
 * live, and a dialog for any span, from and to, in the grammar of `now-6h`.
 */
import { html, nothing } from "lit";
import { model } from "telltale/context.js";
import { formatMoment, formatSpan } from "telltale/core/format.js";
import { formatLength, parseSpan } from "telltale/core/grammar.js";
import { RANGES } from "telltale/core/view.js";
import { plural, t } from "telltale/core/words.js";
import { fromWall, offsetName } from "telltale/core/zone.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";
import { printed } from "telltale/ui/print.js";
import { SIGNS } from "telltale/ui/standing.js";
import { everySecond } from "telltale/ui/ticker.js";

const LINK = {
  connecting: () => t("Connecting"),
  down: () => t("Server lost"),
  ended: () => t("Logged out"),
};
const MODES = { live: () => t("Live"), paused: () => t("Paused"), history: () => t("History") };
const PROBLEMS = {
  from: () => t("The beginning is no time that is known here."),
  to: () => t("The end is no time that is known here."),
  order: () => t("The end must be after the beginning."),
};

/** Civil time in the zone of the page. */
const civil = (year, month, day, ...clock) => fromWall(Date.UTC(year, month - 1, day, ...clock));

printed(() => {
  const { from, to } = model.view.span(model.clock.now());
  return `${formatMoment(from, 0)} – ${formatMoment(to, 0)}`;
});

/** Live goes still, anything else goes live. */
export const togglePause = () =>
  model.look((view) => (view.live ? view.hold(model.clock.now()) : view.reset()));

/** The badge: what is shown is live, paused or past; or there is no connection. */
class Badge extends Element {
  connectedCallback() {
    super.connectedCallback();
    this.on(model, "connection");
    this.on(model, "view");
    this.until(everySecond(() => model.view.mode === "paused" && this.soon()));
  }

  render() {
    const { view, connection, fresh } = model;
    if (connection !== "live")
      return html`<span class="badge" data-state=${connection}>${SIGNS.lost}${LINK[connection]()}</span>`;
    const now = model.clock.now();
    const { from, to } = view.span(now);
    const span = view.live ? nothing : `${formatMoment(from, now)} – ${formatMoment(to, now)}`;
    return html`<span class="badge" data-state=${view.mode} title=${span}>${view.mode === "paused" ? icons.pause : nothing}${MODES[view.mode]()}</span>
      ${view.mode === "paused" ? html`<span class="fresh">${plural(fresh, "{n} new", "{n} new")}</span>` : nothing}`;
  }
}

class Time extends Element {
  #problem = "";

  connectedCallback() {
    super.connectedCallback();
    this.on(model, "view");
  }

  render() {
    const { view } = model;
    const live = view.mode === "live";
    const back = view.mode === "history" ? t("Back to live") : t("Go on");
    const custom = live && !RANGES.some(([, range]) => range === view.range);
    return html`${
        live
          ? nothing
          : html`<button class="back primary" @click=${() => model.look((one) => one.reset())}>${back}</button>`
      }
      <div class="ranges" role="group" aria-label=${t("Time range")}>
        ${RANGES.map(([name, range]) => this.#range(name, range))}
        <button
          class="custom"
          aria-haspopup="dialog"
          aria-pressed=${String(custom || view.mode === "history")}
          title=${t("Any span of time")}
          aria-label=${t("Any span of time")}
          @click=${() => this.#open()}
        >
          ${custom ? formatSpan(view.range) : icons.calendar}
        </button>
      </div>
      <button
        class="tool hold"
        aria-pressed=${String(view.mode === "paused")}
        title=${live ? t("Pause") : t("Go on")}
        aria-label=${live ? t("Pause") : t("Go on, live")}
        aria-keyshortcuts="Space"
        @click=${togglePause}
      >
        ${live ? icons.pause : icons.play}
      </button>
      ${this.#dialog()}`;
  }

  #range(name, range) {
    const { view } = model;
    const show = () => model.look((one) => one.show(range));
    return html`<button aria-pressed=${String(view.live && view.range === range)} @click=${show}>${name}</button>`;
  }

  #dialog() {
    return html`<dialog class="span-dialog" aria-labelledby="span-title">
      <header>
        <h2 id="span-title">${t("Span of time")}</h2>
        <button class="tool" aria-label=${t("Close")} @click=${() => this.#close()}>${icons.close}</button>
      </header>
      <form class="fields" @submit=${this.#apply}>
        <label class="wide">${t("From")} <input name="from" required autocomplete="off" spellcheck="false" /></label>
        <label class="wide">${t("To")} <input name="to" required autocomplete="off" spellcheck="false" /></label>
        <p class="quiet wide">
          ${t("For example {relative}, {day}, or {moment}.", {
            relative: "now-6h",
            day: "2026-11-21",
            moment: "2026-11-21 14:30",
          })}
          ${t("From such as {relative} to {now} stays live.", { relative: "now-90m", now: "now" })}
          ${t("Times without a zone are in {zone}.", { zone: offsetName(model.clock.now()) })}
        </p>
        ${this.#problem ? html`<p class="problem wide" role="alert">${this.#problem}</p>` : nothing}
        <button class="primary">${t("Show")}</button>
        <label class="wide check"
          ><input type="checkbox" .checked=${model.linked} @change=${(event) => model.link(event.target.checked)} />
          ${t("A zoom in one chart is a zoom in all")}</label
        >
      </form>
    </dialog>`;
  }

  async #open() {
    this.#problem = "";
    this.requestUpdate();
    await this.updateComplete;
    const { elements } = this.querySelector("form");
    const { view } = model;
    const text = (ms) => new Date(ms).toISOString().replace(".000", "");
    elements.from.value = view.fixed ? text(view.fixed.from) : `now-${formatLength(view.range)}`;
    elements.to.value = view.fixed ? text(view.fixed.to) : "now";
    this.querySelector("dialog").showModal();
  }

  #close() {
    this.querySelector("dialog").close();
  }

  #apply(event) {
    event.preventDefault();
    const { from, to } = event.target.elements;
    const found = parseSpan(from.value, to.value, model.clock.now(), civil);
    this.#problem = found.problem ? PROBLEMS[found.problem]() : "";
    this.requestUpdate();
    if (found.problem) return;
    model.look((view) => (found.range ? view.show(found.range) : view.zoomTo(found.from, found.to)));
    this.#close();
  }
}

customElements.define("tt-badge", Badge);
customElements.define("tt-time", Time);
