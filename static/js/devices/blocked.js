/** Who is blocked, by whom and since when. */
import { html, nothing, repeat } from "lit";
import { formatMoment } from "telltale/core/format.js";
import { t } from "telltale/core/words.js";
import { store } from "telltale/devices/store.js";
import { Panel } from "telltale/ui/panel.js";

class Blocked extends Panel {
  connectedCallback() {
    super.connectedCallback();
    this.on(store, "change");
  }

  render() {
    const { blocked } = store;
    if (!blocked.length) return nothing;
    return html`<section aria-labelledby="blocked-title">
      <h2 id="blocked-title">${t("Blocked")}</h2>
      <ul class="entries">
        ${repeat(
          blocked,
          ({ device }) => device,
          (one) => this.#row(one),
        )}
      </ul>
      ${this.trouble()}
    </section>`;
  }

  #row({ device, address, who, at }) {
    const moment = formatMoment(at, store.time);
    return html`<li data-device=${device}>
      <div class="entry-what">
        <strong>${device}</strong>
        <span class="quiet"
          >${address ? html`${t("from {address}", { address })} · ` : nothing}${t("blocked by {who}, {moment}", { who, moment })}</span
        >
      </div>
      <div class="entry-acts">
        <button
          ?disabled=${this.busy}
          aria-label=${t("Unblock {device}", { device })}
          @click=${() => this.attempt(() => store.act("unblock", { device }))}
        >
          ${t("Unblock")}
        </button>
      </div>
    </li>`;
  }
}

customElements.define("tt-blocked", Blocked);
