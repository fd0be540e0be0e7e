/** The bar at the top: whose page it is, what is shown of time, the filter, and the tools. */
import { html, nothing } from "lit";
import { address, param, put } from "telltale/address.js";
import { pageUrl } from "telltale/api.js";
import { me, model } from "telltale/context.js";
import { t } from "telltale/core/words.js";
import { themes } from "telltale/theme.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";
import "telltale/ui/keys.js";
import "telltale/ui/time.js";
import { leaveTool, themeTool } from "telltale/ui/tools.js";

class Bar extends Element {
  /** `heading`: of the page, none on the overview; `nofind`: without the filter. */
  static properties = { heading: {}, nofind: { type: Boolean } };

  connectedCallback() {
    super.connectedCallback();
    this.on(model, "connection");
    this.on(themes, "change");
    this.on(address, "change", () => this.#restore());
    this.on(document, "keydown", (event) => this.#key(event));
  }

  firstUpdated() {
    this.#restore();
  }

  render() {
    return html`<header class="bar">
        <div class="brand">
          ${
            this.heading
              ? html`<a class="tool" href=${pageUrl("/")} title=${t("Overview")} aria-label=${t("Back to the overview")}
                  >${icons.back}</a
                >`
              : html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
                  <path d="M4 20h6l3-11 5 15 4-9 2 5h4"></path>
                </svg>`
          }
          <h1>${this.heading ?? "Telltale"}</h1>
          <tt-badge></tt-badge>
        </div>
        ${this.nofind ? nothing : this.#find()}
        <tt-time></tt-time>
        <div class="tools">${this.heading ? nothing : this.#tools()} ${themeTool()} ${leaveTool(me.demo ? "" : me.user)}</div>
      </header>
      <tt-keys></tt-keys>`;
  }

  #find() {
    return html`<label class="find"
      >${icons.search}<span class="offstage">${t("Filter devices and metrics")}</span
      ><input
        type="search"
        placeholder=${t("Filter")}
        autocomplete="off"
        spellcheck="false"
        aria-keyshortcuts="/"
        @input=${this.#filter}
      /><kbd aria-hidden="true">/</kbd></label
    >`;
  }

  #tools() {
    const data = t("Data: storage, export, corrections");
    return html`<button
        class="tool"
        title=${t("Add a device")}
        aria-label=${t("Add a device")}
        @click=${() => this.dispatchEvent(new Event("add", { bubbles: true }))}
      >
        ${icons.plus}
      </button>
      ${me.operator ? html`<tt-broker></tt-broker>` : nothing}
      ${
        me.operator
          ? html`<a class="tool" href=${pageUrl("data")} title=${t("Data")} aria-label=${data}>${icons.data}</a>`
          : nothing
      }`;
  }

  /** The filter is part of the address; typing is no step of its history. */
  #filter({ target: { value } }) {
    put({ q: value || null }, false);
    this.#tell(value);
  }

  #restore() {
    const field = this.querySelector(".find input");
    const text = param("q") ?? "";
    if (!field || field.value === text) return;
    field.value = text;
    this.#tell(text);
  }

  #tell(text) {
    this.dispatchEvent(new CustomEvent("filter", { detail: text, bubbles: true }));
  }

  #key(event) {
    const field = this.querySelector(".find input");
    if (event.key === "Escape" && event.target === field && field.value) {
      field.value = "";
      this.#filter({ target: field });
    }
  }
}

customElements.define("tt-bar", Bar);
