/** One device: its name, whether it is there, and a card for each of its series. */
import { html, nothing, repeat } from "lit";
import { model } from "telltale/context.js";
import { formatMoment } from "telltale/core/format.js";
import { label, namesOf } from "telltale/core/inventory.js";
import "telltale/ui/card.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";

const COLOURS = 6;

class Device extends Element {
  static properties = { device: { attribute: false }, matches: { attribute: false }, version: { attribute: false } };

  willUpdate() {
    this.dataset.device = this.device.id;
    this.dataset.state = this.device.state;
  }

  render() {
    const { device } = this;
    const shown = device.series.filter((one) => this.matches(...namesOf(device, one)));
    return html`<section aria-label=${label(device)}>
      <header>
        <h2>${label(device)}</h2>
        ${label(device) === device.id ? nothing : html`<span class="id">${device.id}</span>`} ${this.#presence()}
      </header>
      ${device.series.length ? nothing : html`<p class="quiet">No readings yet.</p>`}
      <div class="cards">
        ${repeat(
          shown,
          (one) => one.name,
          (one) =>
            html`<tt-card
              .series=${one}
              .device=${device}
              .colour=${1 + (device.series.indexOf(one) % COLOURS)}
              data-series=${one.name}
            ></tt-card>`,
        )}
      </div>
    </section>`;
  }

  updated() {
    // a card shows its device's state, but only its own properties make Lit update it
    for (const card of this.querySelectorAll("tt-card")) card.soon();
  }

  #presence() {
    const { state, since } = this.device;
    const before = model.connection === "live" ? "" : "was ";
    if (state !== "offline") return html`<span class="chip" data-state="online">${before}online</span>`;
    const moment = since ? ` since ${formatMoment(since, model.clock.now())}` : "";
    return html`<span class="chip" data-state="offline">${icons.unplugged}offline${moment}</span>`;
  }
}

customElements.define("tt-device", Device);
