/** The page: bar, banner, waiting devices, then every device in its place. */
import { html, nothing, repeat } from "lit";
import { model } from "telltale/context.js";
import { filter, label, namesOf } from "telltale/core/inventory.js";
import "telltale/ui/annotations.js";
import "telltale/ui/banner.js";
import "telltale/ui/bar.js";
import "telltale/ui/broker.js";
import "telltale/ui/damage.js";
import "telltale/ui/device.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";
import "telltale/ui/pending.js";
import "telltale/ui/start.js";

class App extends Element {
  #text = "";
  #matches = filter("");
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
    this.on(this, "filter", (event) => {
      this.#text = event.detail;
      this.#matches = filter(this.#text);
      this.soon();
    });
    this.on(this, "notes", ({ target }) => this.querySelector("tt-annotations").open(target.series, target.device));
    this.on(this, "add", () => this.querySelector("dialog").showModal());
  }

  render() {
    return html`<a class="skip" href="#main">Skip to the readings</a>
      <div class="top"><tt-bar></tt-bar><tt-banner></tt-banner><tt-damage></tt-damage><tt-broker-note></tt-broker-note></div>
      <main id="main" tabindex="-1">${this.#main()}</main>
      <dialog aria-labelledby="add-title">
        <header>
          <h2 id="add-title">Add a device</h2>
          <button class="tool" aria-label="Close" @click=${(event) => event.target.closest("dialog").close()}>
            ${icons.close}
          </button>
        </header>
        <tt-start></tt-start>
      </dialog>
      <tt-annotations></tt-annotations>`;
  }

  #main() {
    const { devices, pending } = model.inventory;
    if (!model.ready) return html`<p class="quiet waiting">Connecting…</p>`;
    if (!devices.size && !pending.size)
      return html`<section class="empty">
        <h2>No device has spoken yet</h2>
        <tt-start></tt-start>
      </section>`;
    const matches = this.#matches;
    const shown = [...devices.values()].filter(
      (one) => matches(label(one), one.id) || one.series.some((series) => matches(...namesOf(one, series))),
    );
    const nothingFound = html`<p class="quiet waiting">Nothing matches “${this.#text}”.</p>`;
    return html`<tt-pending .devices=${[...pending.values()]}></tt-pending> ${repeat(
        shown,
        (one) => one.id,
        (one) => html`<tt-device .device=${one} .matches=${matches} .version=${this.#version}></tt-device>`,
      )}
      ${shown.length || !devices.size ? nothing : nothingFound}`;
  }
}

customElements.define("tt-app", App);
