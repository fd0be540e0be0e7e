/** One device: its name, whether it is there, and a card for each of its series. */
import { html, nothing, repeat } from "lit";
import { pageUrl } from "telltale/api.js";
import { me } from "telltale/context.js";
import { label } from "telltale/core/inventory.js";
import "telltale/ui/card.js";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";
import { clockNote, lastKnownList, presence } from "telltale/ui/presence.js";

const COLOURS = 6;

class Device extends Element {
  static properties = {
    device: { attribute: false },
    /** The series to show, in order. */
    shown: { attribute: false },
    matches: { attribute: false },
    version: { attribute: false },
  };

  willUpdate() {
    this.dataset.device = this.device.id;
    this.dataset.state = this.device.state;
  }

  render() {
    const { device, shown } = this;
    return html`<section aria-label=${label(device)}>
      <header>
        <h2>${label(device)}</h2>
        ${label(device) === device.id ? nothing : html`<span class="id">${device.id}</span>`} ${presence(device)} ${this.#messages()}
      </header>
      ${clockNote(device)} ${lastKnownList(device, this.matches)}
      ${device.series.length ? nothing : html`<p class="quiet">${t("No readings yet.")}</p>`}
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

  /** The way to its raw messages, for who may see them. */
  #messages() {
    if (!me.operator) return nothing;
    const { id } = this.device;
    const address = pageUrl(`devices/${encodeURIComponent(id)}/messages`);
    return html`<a class="messages" href=${address} aria-label=${t("Last messages of {name}", { name: label(this.device) })}
      >${t("Messages")}</a
    >`;
  }

  updated() {
    // a card shows its device's state, but only its own properties make Lit update it
    for (const card of this.querySelectorAll("tt-card")) card.soon();
  }
}

customElements.define("tt-device", Device);
