/** A field that finds series as one types: words in any order, arrows and Enter, hundreds of series. */
import { html, nothing } from "lit";
import { MOST, withSeries, withoutSeries } from "telltale/core/explore.js";
import { formatCount } from "telltale/core/format.js";
import { byName, filter } from "telltale/core/inventory.js";
import { plural, t } from "telltale/core/words.js";
import { store } from "telltale/explore/store.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";

/** Matches that are listed. */
const LISTED = 60;

class Picker extends Element {
  #text = "";
  #open = false;
  #at = 0;

  connectedCallback() {
    super.connectedCallback();
    this.on(store, "state");
    this.on(document, "pointerdown", (event) => {
      if (!this.contains(event.target)) this.#close();
    });
    this.on(document, "keydown", (event) => {
      const typing = event.target.closest?.("input, textarea, select");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.querySelector("input").focus();
    });
  }

  get #all() {
    return [...(store.known?.values() ?? [])].sort((a, b) => byName(a.series, b.series));
  }

  get #matches() {
    const fits = filter(this.#text);
    return this.#all.filter((one) => fits(one.series, one.label, one.unit));
  }

  render() {
    const matches = this.#open ? this.#matches : [];
    const full = store.state.series.length >= MOST;
    const listed = matches.slice(0, LISTED);
    const active = listed[Math.min(this.#at, listed.length - 1)];
    return html`<label class="offstage" for="explore-find">${t("Add a series")}</label>
      <div class="find">
        ${icons.search}<input
          id="explore-find"
          type="search"
          role="combobox"
          autocomplete="off"
          spellcheck="false"
          aria-expanded=${String(this.#open)}
          aria-controls="explore-list"
          aria-autocomplete="list"
          aria-activedescendant=${this.#open && active ? `explore-option-${listed.indexOf(active)}` : nothing}
          aria-keyshortcuts="/"
          placeholder=${full ? t("Six series at most") : t("Add a series: type a part of its name")}
          .value=${this.#text}
          @focus=${() => this.#show()}
          @click=${() => this.#show()}
          @input=${(event) => this.#type(event.target.value)}
          @keydown=${this.#key}
        /><kbd aria-hidden="true">/</kbd>
      </div>
      ${this.#open ? this.#list(matches, listed, active, full) : nothing}`;
  }

  updated() {
    this.querySelector("[data-active]")?.scrollIntoView({ block: "nearest" });
  }

  #list(matches, listed, active, full) {
    const more = matches.length - listed.length;
    return html`<div class="found">
      <ul id="explore-list" role="listbox" aria-label=${t("Series")} aria-multiselectable="true">
        ${listed.map((one, i) => this.#option(one, i, one === active, full))}
      </ul>
      <p class="quiet" role="status">
        ${
          store.known === null
            ? t("Connecting…")
            : matches.length === 0
              ? t("No series has that in its name.")
              : more > 0
                ? plural(more, "and {n} more: type to narrow it down", "and {n} more: type to narrow it down")
                : plural(matches.length, "{n} series", "{n} series")
        }
      </p>
    </div>`;
  }

  #option(one, i, active, full) {
    const chosen = store.state.series.includes(one.series);
    return html`<li
      id="explore-option-${i}"
      role="option"
      aria-selected=${String(chosen)}
      aria-disabled=${String(full && !chosen)}
      ?data-active=${active}
      @pointerdown=${(event) => event.preventDefault()}
      @click=${() => this.#choose(one.series)}
    >
      <span class="check" aria-hidden="true">${chosen ? "✓" : ""}</span>
      <span class="name">${one.series}${one.label ? html` <i>${one.label}</i>` : nothing}</span>
      <span class="quiet">${one.unit ?? kindOf(one)}</span>
      <span class="quiet count">${formatCount(one.count)}</span>
    </li>`;
  }

  #show() {
    this.#open = true;
    this.soon();
  }

  #close() {
    if (!this.#open) return;
    this.#open = false;
    this.soon();
  }

  #type(text) {
    this.#text = text;
    this.#at = 0;
    this.#show();
  }

  #key(event) {
    const listed = this.#matches.slice(0, LISTED); // what was typed may not have been painted yet
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (event.key in steps) {
      if (this.#open) this.#at = Math.max(0, Math.min(this.#at + steps[event.key], listed.length - 1));
      this.#show();
    } else if (event.key === "Enter" && this.#open && listed.length) {
      this.#choose(listed[Math.min(this.#at, listed.length - 1)].series);
    } else if (event.key === "Escape" && this.#open) this.#close();
    else if (event.key === "Tab") {
      this.#close();
      return;
    } else return;
    event.preventDefault();
  }

  #choose(name) {
    const { state } = store;
    store.set(state.series.includes(name) ? withoutSeries(state, name) : withSeries(state, name));
    this.#text = "";
    this.querySelector("input").value = "";
    this.#at = 0;
    this.#open = false; // it would cover what was chosen
    this.soon();
  }
}

const kindOf = ({ kind }) => (kind === "boolean" ? t("on/off") : kind === "text" ? t("text") : "");

customElements.define("tt-picker", Picker);
