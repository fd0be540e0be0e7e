/** Devices that wait for approval: where they are, what they say, and one click for each decision. */
import { html, nothing, repeat } from "lit";
import { formatLabel, formatValue } from "telltale/core/format.js";
import { since } from "telltale/core/standings.js";
import { plural, t } from "telltale/core/words.js";
import { store } from "telltale/devices/store.js";
import { Panel } from "telltale/ui/panel.js";

/** Readings shown of one waiting device. */
const SHOWN = 8;

class Waiting extends Panel {
  #told = "";

  connectedCallback() {
    super.connectedCallback();
    this.on(store, "change");
  }

  render() {
    const { waiting } = store;
    return html`<section aria-labelledby="waiting-title" ?hidden=${!waiting.length && !this.#told && !this.problem}>
      <h2 id="waiting-title">${t("Waiting for approval")}</h2>
      <p class="quiet">${t("They have no token. What they say is shown here and stored nowhere until you accept them.")}</p>
      <ul class="entries">
        ${repeat(
          waiting,
          ({ device }) => device,
          (one) => this.#row(one),
        )}
      </ul>
      <p class="told quiet" role="status">${this.#told}</p>
      ${this.trouble()}
    </section>`;
  }

  #row(one) {
    const { device, approved } = one;
    const rows = Object.entries(one.latest ?? {});
    return html`<li data-device=${device}>
      <div class="entry-what">
        <strong>${device}</strong> <span class="chip" data-state="pending">${approved ? t("accepted") : t("waiting")}</span>
        <span class="quiet">${this.#about(one)}</span>
        ${
          rows.length
            ? html`<dl class="says">
                ${rows.slice(0, SHOWN).map(
                  ([metric, value]) =>
                    html`<div>
                      <dt>${formatLabel(metric)}</dt>
                      <dd>${formatValue(value)}</dd>
                    </div>`,
                )}
              </dl>`
            : html`<span class="quiet">${t("It has sent no readings yet.")}</span>`
        }
        ${rows.length > SHOWN ? html`<span class="quiet">${plural(rows.length - SHOWN, "and {n} more", "and {n} more")}</span>` : nothing}
      </div>
      <div class="entry-acts">
        <button
          class="primary"
          ?disabled=${this.busy || approved}
          aria-label=${t("Accept {device}", { device })}
          @click=${() => this.#decide(device, "approve", t("{device} is accepted.", { device }))}
        >
          ${t("Accept")}
        </button>
        <button
          ?disabled=${this.busy}
          aria-label=${t("Block {device}", { device })}
          @click=${() => this.#decide(device, "block", t("{device} is blocked.", { device }))}
        >
          ${t("Block")}
        </button>
      </div>
    </li>`;
  }

  #about(one) {
    if (one.approved) return t("It gets its token when it connects again.");
    const parts = [one.address ? t("from {address}", one) : "", since(one.last_seen, store.time)];
    if (one.connected === false) parts.push(t("not connected now"));
    return parts.filter(Boolean).join(" · ");
  }

  async #decide(device, verb, told) {
    this.#told = (await this.attempt(() => store.act(verb, { device }))) ? told : "";
    this.requestUpdate();
  }
}

customElements.define("tt-waiting", Waiting);
