/** The devices that may send: state, address, token, for whom they speak; and what can be done with each. */
import { html, nothing, repeat } from "lit";
import { pageUrl } from "telltale/api.js";
import { byName } from "telltale/core/inventory.js";
import { found, gatewayText, rotationText, since, tokenState } from "telltale/core/standings.js";
import { formatSpan } from "telltale/core/format.js";
import { plural, t } from "telltale/core/words.js";
import { sure } from "telltale/data/confirm.js";
import { store } from "telltale/devices/store.js";
import { icons } from "telltale/ui/icons.js";
import { Panel } from "telltale/ui/panel.js";

/** From so many on there is a field to find one. */
const MANY = 8;

class Known extends Panel {
  #wanted = "";
  #told = "";

  connectedCallback() {
    super.connectedCallback();
    this.on(store, "change");
  }

  render() {
    const all = [...store.devices].sort((a, b) => byName(a.name || a.device, b.name || b.device));
    const shown = all.filter((one) => found(one, this.#wanted));
    return html`<section aria-labelledby="known-title">
      <h2 id="known-title">${t("Devices")} <span class="quiet">${all.length || nothing}</span></h2>
      ${all.length >= MANY ? this.#find() : nothing}
      ${
        all.length
          ? html`<ul class="entries">
              ${repeat(
                shown,
                ({ device }) => device,
                (one) => this.#row(one),
              )}
            </ul>`
          : this.#none()
      }
      ${all.length && !shown.length ? html`<p class="quiet">${t("No device matches.")}</p>` : nothing}
      <p class="told quiet" role="status">${this.#told}</p>
      ${this.trouble()}
    </section>`;
  }

  #find() {
    return html`<label class="find-device"
      >${icons.search}<span class="offstage">${t("Find a device")}</span
      ><input
        type="search"
        placeholder=${t("Find a device")}
        .value=${this.#wanted}
        @input=${(event) => {
          this.#wanted = event.target.value;
          this.requestUpdate();
        }}
    /></label>`;
  }

  #none() {
    return html`<p class="quiet">${t("No device has sent anything yet, and none has a token.")}</p>
      <p><button class="primary" @click=${() => this.dispatchEvent(new Event("add"))}>${t("Add the first device")}</button></p>`;
  }

  #row(one) {
    const { device, name, address, series, rotating } = one;
    const token = tokenState(one);
    const gateway = gatewayText(one.gateway);
    return html`<li data-device=${device}>
      <div class="entry-what">
        <a class="device-name" href=${pageUrl(`/devices/${encodeURIComponent(device)}`)}>${name || device}</a>
        <span class="chip" data-state=${one.state}>${one.state === "online" ? t("online") : t("offline")}</span>
        <span class="chip token" data-token=${token.state}>${token.text}</span>
        <span class="quiet"
          >${[
            name ? device : "",
            since(one.last_seen, store.time),
            address,
            series ? plural(series, "{n} metric", "{n} metrics") : "",
            gateway,
          ]
            .filter(Boolean)
            .join(" · ")}</span
        >
        ${rotating ? html`<span class="quiet rotating">${rotationText(rotating, store.time)}</span>` : nothing}
      </div>
      <div class="entry-acts">${this.#acts(one)}</div>
    </li>`;
  }

  #acts(one) {
    const { device, token, rotating } = one;
    const button = (text, label, act, kind = "") =>
      html`<button class=${kind} ?disabled=${this.busy} aria-label=${label} @click=${act}>${text}</button>`;
    return html`${
      token
        ? html`${rotating ? button(t("End the old token"), t("End the old token of {device}", { device }), () => this.#endOld(one)) : nothing}
          ${button(t("New token"), t("New token for {device}", { device }), () => this.#rotate(one))}
          ${button(t("Gateway…"), t("For whom {device} speaks", { device }), () => document.querySelector("tt-gateway").edit(one))}
          ${button(t("Revoke"), t("Revoke the token of {device}", { device }), () => this.#revoke(one))}`
        : button(t("Give a token"), t("Give {device} a token", { device }), () => this.#give(one))
    }
    ${button(t("Remove…"), t("Remove {device}", { device }), () => this.#remove(one), "danger")}`;
  }

  async #do(told, act) {
    this.#told = (await this.attempt(act)) ? told : "";
    this.requestUpdate();
  }

  #endOld({ device }) {
    return this.#do(t("The old token of {device} has ended.", { device }), () => store.act("rotate/end", { device }));
  }

  async #give({ device }) {
    await this.#do("", async () => this.#show(await store.act("add", { device })));
  }

  async #rotate({ device }) {
    const span = formatSpan(store.grace * 1000);
    const question = {
      title: t("A new token for {device}?", { device }),
      text: t("The old one works for {span} more, so that the device can be given the new one in peace.", { span }),
      verb: t("Make a new token"),
    };
    if (await sure(question)) await this.#do("", async () => this.#show(await store.act("rotate", { device })));
  }

  #show(made) {
    document.querySelector("tt-onboard").show(made);
  }

  async #revoke({ device }) {
    const question = {
      title: t("Revoke the token of {device}?", { device }),
      text: t("It is cut off at once. Its data stays, and it can be given another token."),
      verb: t("Revoke"),
    };
    if (await sure(question))
      await this.#do(t("The token of {device} is revoked.", { device }), () => store.act("revoke", { device }));
  }

  async #remove({ device }) {
    let held = null;
    if (!(await this.attempt(async () => (held = await store.api.get("api/devices/held", [["device", device]]))))) return;
    const count = plural(held.readings, "{n} reading", "{n} readings");
    const question = {
      title: t("Remove {device} with its data?", { device }),
      text: held.series.length
        ? t("Its token and {count} go for ever, from the files too: {series}. Backups and the audit log keep what they have.", {
            count,
            series: held.series.join(", "),
          })
        : t("Its token goes. It has stored no readings."),
      verb: t("Remove for ever"),
    };
    if (await sure(question)) await this.#do(t("{device} is removed.", { device }), () => store.act("remove", { device }));
  }
}

customElements.define("tt-known", Known);
