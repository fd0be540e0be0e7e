/** Says that the connection is down, or the session over; the page's one live region. */
import { html, nothing } from "lit";
import { loginUrl } from "telltale/api.js";
import { model } from "telltale/context.js";
import { formatMoment } from "telltale/core/format.js";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";

/** A first connection may take this long (ms) before it is called down. */
const PATIENCE = 2_000;

class Banner extends Element {
  #late = false;

  connectedCallback() {
    super.connectedCallback();
    this.id = "banner";
    this.setAttribute("role", "status");
    this.on(model, "connection");
    const timer = setTimeout(() => {
      this.#late = true;
      this.soon();
    }, PATIENCE);
    this.until(() => clearTimeout(timer));
  }

  willUpdate() {
    const { connection } = model;
    this.dataset.state = connection === "connecting" ? (this.#late ? "down" : "hidden") : connection;
    document.documentElement.dataset.connection = connection === "live" ? "live" : "down";
  }

  render() {
    if (this.dataset.state === "down")
      return html`<p>
        ${icons.lost}<span
          ><strong>${t("No connection to the server.")}</strong> ${this.#since()} ${t("Trying again by itself.")}</span
        >
      </p>`;
    if (this.dataset.state === "ended")
      return html`<p>
        ${icons.warning}<span
          ><strong>${t("Your session has ended.")}</strong> ${this.#since()} <a href=${loginUrl()}>${t("Log in again")}</a></span
        >
      </p>`;
    return nothing;
  }

  #since() {
    if (model.lost === null || !model.ready) return nothing;
    return t("Values are as of {moment}.", { moment: formatMoment(model.lost, model.clock.now()) });
  }
}

customElements.define("tt-banner", Banner);
