/** Devices that wait for approval, with what they say, and one click to accept each. */
import { html, nothing, repeat } from "lit";
import { me, model } from "telltale/context.js";
import { formatLabel, formatValue } from "telltale/core/format.js";
import { plural, t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";

/** Readings shown of one waiting device. */
const SHOWN = 8;

class Pending extends Element {
  static properties = { devices: { attribute: false } };
  #busy = new Map();

  render() {
    if (!this.devices.length) return nothing;
    return html`<section aria-label=${t("Waiting for approval")}>
      <header>
        <h2>${t("Waiting for approval")}</h2>
        <span class="chip" data-state="pending">${this.devices.length}</span>
      </header>
      <div class="cards">
        ${repeat(
          this.devices,
          (one) => one.device,
          (one) => this.#card(one),
        )}
      </div>
    </section>`;
  }

  #card(one) {
    const rows = Object.entries(one.latest ?? {});
    const state = this.#busy.get(one.device);
    return html`<article class="pending" data-device=${one.device} aria-label=${one.device}>
      <h3>${one.device}</h3>
      <p class="quiet">${about(one)}</p>
      <dl>
        ${rows.slice(0, SHOWN).map(
          ([metric, value]) =>
            html`<div>
              <dt>${formatLabel(metric)}</dt>
              <dd>${formatValue(value)}</dd>
            </div>`,
        )}
      </dl>
      ${rows.length ? nothing : html`<p class="quiet">${t("It has sent no readings yet.")}</p>`}
      ${rows.length > SHOWN ? html`<p class="quiet">${plural(rows.length - SHOWN, "and {n} more", "and {n} more")}</p>` : nothing}
      ${
        me.operator
          ? html`<footer>
              <button
                class="primary"
                ?disabled=${state === "busy" || one.approved}
                @click=${() => this.#decide(one.device, "approve")}
              >
                ${t("Accept")}
              </button>
              <button ?disabled=${state === "busy"} @click=${() => this.#decide(one.device, "block")}>${t("Block")}</button>
            </footer>`
          : html`<p class="quiet">${t("An operator can accept it.")}</p>`
      }
      ${state && state !== "busy" ? html`<p class="problem" role="alert">${state}</p>` : nothing}
    </article>`;
  }

  async #decide(device, what) {
    this.#busy.set(device, "busy");
    this.requestUpdate();
    try {
      await model.api.post(`api/devices/${what}`, { device });
      this.#busy.delete(device);
    } catch (error) {
      this.#busy.set(device, t("That did not work: {reason}", { reason: error.message }));
    }
    this.requestUpdate();
  }
}

function about(one) {
  if (one.approved) return t("Accepted: it gets its token when it connects again.");
  const from = one.address ? t("from {address}", one) : "";
  return one.connected === false ? `${from}, ${t("not connected now")}` : from;
}

customElements.define("tt-pending", Pending);
