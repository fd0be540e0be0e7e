/** The page of devices: who waits, who may send and with which token, who is blocked; and how to add one. */
import { html, nothing } from "lit";
import { pageUrl } from "telltale/api.js";
import { t } from "telltale/core/words.js";
import "telltale/data/confirm.js";
import "telltale/devices/blocked.js";
import "telltale/devices/gateway.js";
import "telltale/devices/known.js";
import "telltale/devices/onboard.js";
import { me, store } from "telltale/devices/store.js";
import "telltale/devices/waiting.js";
import { themes } from "telltale/theme.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";
import { tabs } from "telltale/ui/tabs.js";
import { leaveTool, themeTool } from "telltale/ui/tools.js";

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
      <div class="top">${this.#bar()} ${tabs("/devices")} ${this.#end()}</div>
      <main id="main" tabindex="-1" class="data devices">
        ${store.there ? this.#sections() : html`<p class="quiet waiting">${t("Connecting…")}</p>`}
      </main>
      <tt-onboard></tt-onboard> <tt-gateway></tt-gateway> <tt-confirm></tt-confirm>`;
  }

  #bar() {
    return html`<header class="bar">
      <div class="brand">
        <a class="tool" href=${pageUrl("./")} title=${t("Dashboard")} aria-label=${t("Back to the dashboard")}>${icons.back}</a>
        <h1>${t("Devices")}</h1>
      </div>
      <div class="tools">
        <button class="primary add-device" @click=${() => this.#add()}>${icons.plus}<span>${t("Add a device")}</span></button>
        ${themeTool()} ${leaveTool(me.user)}
      </div>
    </header>`;
  }

  #end() {
    return html`<div role="status" class="ended">
      ${
        store.ended
          ? html`<p>
              ${icons.warning}<strong>${t("Your session has ended.")}</strong> <a href="/login?next=/devices">${t("Log in again")}</a>
            </p>`
          : nothing
      }
    </div>`;
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
