/** The bar at the top: what is shown (live or a zoom), for how long back, and the filter. */
import { html, nothing } from "lit";
import { pageUrl } from "telltale/api.js";
import { me, model } from "telltale/context.js";
import { formatMoment, formatTime } from "telltale/core/format.js";
import { RANGES } from "telltale/core/view.js";
import { themes } from "telltale/theme.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";
import { leaveTool, themeTool } from "telltale/ui/tools.js";

const BADGES = { live: "Live", connecting: "Connecting", down: "Offline", ended: "Logged out" };

class Bar extends Element {
  connectedCallback() {
    super.connectedCallback();
    this.on(model, "connection");
    this.on(model, "view");
    this.on(themes, "change");
    this.on(document, "keydown", (event) => this.#key(event));
  }

  render() {
    return html`<header class="bar">
      <div class="brand">
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path d="M4 20h6l3-11 5 15 4-9 2 5h4"></path></svg>
        <h1>Telltale</h1>
        ${this.#badge()}
      </div>
      ${this.#back()}
      <label class="find"
        >${icons.search}<span class="offstage">Filter devices and metrics</span
        ><input
          type="search"
          placeholder="Filter"
          autocomplete="off"
          spellcheck="false"
          aria-keyshortcuts="/"
          @input=${this.#filter}
        /><kbd aria-hidden="true">/</kbd></label
      >
      <div class="ranges" role="group" aria-label="Time range">
        ${RANGES.map(([name, range]) => this.#range(name, range))}
      </div>
      <div class="tools">
        <button
          class="tool"
          title="Add a device"
          aria-label="Add a device"
          @click=${() => this.dispatchEvent(new Event("add", { bubbles: true }))}
        >
          ${icons.plus}
        </button>
        ${me.operator ? html`<tt-broker></tt-broker>` : nothing}
        ${
          me.operator
            ? html`<a class="tool" href=${pageUrl("data")} title="Data" aria-label="Data: storage, export, corrections"
                >${icons.data}</a
              >`
            : nothing
        }
        ${themeTool()} ${leaveTool(me.demo ? "" : me.user)}
      </div>
    </header>`;
  }

  #back() {
    if (model.view.live) return nothing;
    const back = () => model.look((view) => view.reset());
    return html`<button class="back primary" @click=${back}>Back to live</button>`;
  }

  #range(name, range) {
    const { view } = model;
    const show = () => model.look((one) => one.show(range));
    return html`<button aria-pressed=${String(view.live && view.range === range)} @click=${show}>${name}</button>`;
  }

  #badge() {
    const { view, connection } = model;
    if (view.live || connection !== "live")
      return html`<span class="badge" data-state=${connection}>${BADGES[connection]}</span>`;
    const now = model.clock.now();
    const span = `${formatMoment(view.zoom.from, now)} – ${formatTime(view.zoom.to)}`;
    return html`<span class="badge" data-state="history" title=${span}>History</span>`;
  }

  #filter(event) {
    this.dispatchEvent(new CustomEvent("filter", { detail: event.target.value, bubbles: true }));
  }

  #key(event) {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    const field = this.querySelector("input");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === "Escape" && typing === field && field.value) {
      field.value = "";
      this.#filter({ target: field });
    }
  }
}

customElements.define("tt-bar", Bar);
