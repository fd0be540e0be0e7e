/** The page: bar, banner, waiting devices, then every device in its place. */
import { html, nothing } from "lit";
import { address, put } from "telltale/address.js";
import { model } from "telltale/context.js";
import { choiceParams, readChoice } from "telltale/core/overview.js";
import { t } from "telltale/core/words.js";
import { layout } from "telltale/layout.js";
import "telltale/ui/annotations.js";
import "telltale/ui/banner.js";
import "telltale/ui/bar.js";
import "telltale/ui/broker.js";
import "telltale/ui/damage.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";
import "telltale/ui/overview.js";
import "telltale/ui/pending.js";
import "telltale/ui/start.js";

class App extends Element {
  #choice = readChoice(location.search);
  #version = 0;

  connectedCallback() {
    super.connectedCallback();
    const rebuilt = () => {
      this.#version += 1;
      this.soon();
    };
    this.on(model, "structure", rebuilt);
    this.on(model, "connection", rebuilt);
    this.on(model, "pending");
    this.on(layout, "change");
    this.on(address, "change", () => {
      this.#choice = readChoice(location.search);
      this.soon();
    });
    this.on(this, "choose", ({ detail }) => put(choiceParams({ ...this.#choice, ...detail })));
    layout.load();
    let lost = false;
    this.on(model, "connection", () => {
      if (model.connection === "live" && lost) layout.load();
      lost = model.connection === "down";
    });
    this.on(this, "notes", ({ target }) => this.querySelector("tt-annotations").open(target.series, target.device));
    this.on(this, "add", () => this.querySelector(":scope > dialog").showModal());
  }

  render() {
    return html`<a class="skip" href="#main">${t("Skip to the readings")}</a>
      <div class="top"><tt-bar></tt-bar><tt-banner></tt-banner><tt-damage></tt-damage><tt-broker-note></tt-broker-note></div>
      <main id="main" tabindex="-1">${this.#main()}</main>
      <dialog aria-labelledby="add-title">
        <header>
          <h2 id="add-title">${t("Add a device")}</h2>
          <button class="tool" aria-label=${t("Close")} @click=${(event) => event.target.closest("dialog").close()}>
            ${icons.close}
          </button>
        </header>
        <tt-start></tt-start>
      </dialog>
      <tt-annotations></tt-annotations>`;
  }

  #main() {
    const { devices, pending } = model.inventory;
    if (!model.ready || !layout.loaded) return html`<p class="quiet waiting">${t("Connecting…")}</p>`;
    if (!devices.size && !pending.size)
      return html`<section class="empty">
        <h2>${t("No device has spoken yet")}</h2>
        <tt-start></tt-start>
      </section>`;
    return html`<tt-pending .devices=${[...pending.values()]}></tt-pending>
      ${devices.size ? html`<tt-overview .choice=${this.#choice} .version=${this.#version}></tt-overview>` : nothing}`;
  }
}

customElements.define("tt-app", App);
