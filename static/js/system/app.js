/** The page of the system: how the server itself fares, asked every five seconds while someone looks. */
import { html, nothing } from "lit";
import { loginUrl } from "telltale/api.js";
import { asOf } from "telltale/core/system.js";
import { formatMoment } from "telltale/core/format.js";
import { t } from "telltale/core/words.js";
import * as parts from "telltale/system/parts.js";
import { Store } from "telltale/system/store.js";
import { themes } from "telltale/theme.js";
import { Element } from "telltale/ui/element.js";
import { bar } from "telltale/ui/head.js";
import { icons } from "telltale/ui/icons.js";
import { tabs } from "telltale/ui/tabs.js";
import { everySecond } from "telltale/ui/ticker.js";

class SystemPage extends Element {
  #store = new Store();

  connectedCallback() {
    super.connectedCallback();
    this.on(themes, "change");
    for (const name of ["change", "ended"]) this.on(this.#store, name);
    this.until(everySecond(this.soon));
    this.until(this.#store.follow());
  }

  willUpdate() {
    const { system, live, ended } = this.#store;
    // a page that has asked and not been answered yet is neither
    if (system) document.documentElement.dataset.connection = live && !ended ? "live" : "down";
  }

  render() {
    return html`<a class="skip" href="#main">${t("Skip to the state of the server")}</a>
      <div class="top">
        ${bar(t("System"), { beside: this.#age() })} ${tabs("/system")}
        <div role="status" class="system-note">${this.#note()}</div>
      </div>
      <main id="main" tabindex="-1" class="data system">${this.#main()}</main>`;
  }

  #age() {
    const { age, live } = this.#store;
    if (age === null) return nothing;
    const text = t("as of {age}", { age: asOf(0, age) });
    return html`<span class="as-of quiet" data-old=${live ? nothing : ""}>${text}</span>`;
  }

  #note() {
    const store = this.#store;
    if (store.ended)
      return html`<p>
        ${icons.warning}<span
          ><strong>${t("Your session has ended.")}</strong> <a href=${loginUrl()}>${t("Log in again")}</a></span
        >
      </p>`;
    if (store.live || (store.age === null && store.there)) return nothing;
    const since = store.age === null ? "" : t("Values are as of {moment}.", { moment: formatMoment(store.now - store.age, store.now) });
    return html`<p>
      ${icons.lost}<span
        ><strong>${t("No connection to the server.")}</strong> ${since} ${t("Trying again by itself.")}</span
      >
    </p>`;
  }

  #main() {
    const { system, storage, problem, bridges, pollers } = this.#store;
    if (!system) return html`<p class="quiet waiting">${t("Connecting…")}</p>`;
    const { now } = this.#store;
    return html`${parts.verdict(system)} ${parts.ingest(system)} ${parts.refused(system)} ${parts.brokers(bridges, now)}
    ${parts.browsers(system)} ${parts.storage(storage, problem, now)} ${parts.machine(system)} ${parts.pollers(pollers)}
    ${parts.versions(system)} ${parts.links()}`;
  }
}

customElements.define("tt-system", SystemPage);
