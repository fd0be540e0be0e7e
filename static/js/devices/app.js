/** The page of devices: who waits, who may send and with which token, who is blocked; and how to add one. */
import { html } from "lit";
import { t } from "telltale/core/words.js";
import "telltale/data/confirm.js";
import "telltale/devices/blocked.js";
import "telltale/devices/gateway.js";
import "telltale/devices/known.js";
import "telltale/devices/onboard.js";
import { store } from "telltale/devices/store.js";
import "telltale/devices/waiting.js";
import { themes } from "telltale/theme.js";
import { Element } from "telltale/ui/element.js";
import { bar, sessionEnd } from "telltale/ui/head.js";
import { icons } from "telltale/ui/icons.js";
import { tabs } from "telltale/ui/tabs.js";

class DevicesPage extends Element {
  connectedCallback() {
    super.connectedCallback();
    this.on(themes, "change");
    for (const name of ["change", "ended"]) this.on(store, name);
    this.until(store.follow());
    this.on(window, "hashchange", () => this.#byAddress());
    this.updateComplete.then(() => this.#byAddress());
  }

  render() {
    return html`<a class="skip" href="#main">${t("Skip to the devices")}</a>
      <div class="top">${bar(t("Devices"), { tools: this.#addButton() })} ${tabs("/devices")} ${sessionEnd(store.ended)}</div>
      <main id="main" tabindex="-1" class="data devices">
        ${store.there ? this.#sections() : html`<p class="quiet waiting">${t("Connecting…")}</p>`}
      </main>
      <tt-onboard></tt-onboard> <tt-gateway></tt-gateway> <tt-confirm></tt-confirm>`;
  }

  #addButton() {
    return html`<button class="primary add-device" @click=${() => this.#add()}>
      ${icons.plus}<span>${t("Add a device")}</span>
    </button>`;
  }

  #sections() {
    return html`<tt-waiting></tt-waiting> <tt-known @add=${() => this.#add()}></tt-known> <tt-blocked></tt-blocked>`;
  }

  #add() {
    this.querySelector("tt-onboard").add();
  }

  /** /devices#add opens the dialog, so that other pages can point at it. */
  #byAddress() {
    if (location.hash !== "#add") return;
    history.replaceState(null, "", location.pathname + location.search);
    this.#add();
  }
}

customElements.define("tt-devices", DevicesPage);
