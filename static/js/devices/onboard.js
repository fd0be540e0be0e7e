/** The dialog that adds a device: name it, get its token once, copy a snippet, and see its first reading arrive. */
import { html, nothing } from "lit";
import { formatLabel, formatValue } from "telltale/core/format.js";
import { provisioning } from "telltale/core/snippets.js";
import { t } from "telltale/core/words.js";
import { copy } from "telltale/copy.js";
import { gatewayFrom, speakers } from "telltale/devices/gateway.js";
import { store } from "telltale/devices/store.js";
import { icons } from "telltale/ui/icons.js";
import { Panel } from "telltale/ui/panel.js";
import { qr } from "telltale/ui/qr.js";
import "telltale/ui/snippets.js";

/** Milliseconds between two looks for the first reading. */
const LOOK = 1_000;

class Onboard extends Panel {
  #speaks = "self";
  #patterns = "";
  #made = null;
  #old = null;
  #about = null;
  #urls = [];
  #url = "";
  #mqtt = null;
  #arrived = null;
  #from = 0;
  #code = nothing;
  #told = "";
  #timer = 0;

  connectedCallback() {
    super.connectedCallback();
    this.until(() => clearInterval(this.#timer));
  }

  /** Begin with the name of a new device. */
  async add() {
    this.#reset();
    await this.#open();
  }

  /** Show the token that a device was just given. */
  async show(made) {
    this.#reset();
    await this.#begin(made);
    await this.#open();
  }

  render() {
    return html`<dialog class="onboard" aria-labelledby="onboard-title" @close=${() => this.#reset()}>
      <header>
        <h2 id="onboard-title">${this.#made ? t("Connect {device}", this.#made) : t("Add a device")}</h2>
        <button class="tool" aria-label=${t("Close")} @click=${() => this.#close()}>${icons.close}</button>
      </header>
      ${this.#made ? this.#result() : this.#form()}
    </dialog>`;
  }

  #form() {
    return html`<form class="steps fields" @submit=${this.#submit}>
      <label class="wide"
        >${t("Id of the device")}
        <input
          name="device"
          required
          maxlength="128"
          autocomplete="off"
          autocapitalize="none"
          spellcheck="false"
          placeholder="boiler"
          autofocus
      /></label>
      <label class="wide"
        >${t("Name on the pages (may be left empty)")}
        <input name="name" maxlength="200" autocomplete="off" placeholder=${t("Boiler room")} />
      </label>
      <div class="wide fields">${speakers(this.#speaks, this.#patterns, (speaks, patterns) => this.#choose(speaks, patterns))}</div>
      ${this.trouble()}
      <footer class="wide">
        <button type="button" @click=${() => this.#close()}>${t("Cancel")}</button>
        <button class="primary" ?disabled=${this.busy}>${t("Make its token")}</button>
      </footer>
    </form>`;
  }

  #choose(speaks, patterns) {
    this.#speaks = speaks;
    this.#patterns = patterns;
    this.requestUpdate();
  }

  #result() {
    const { token } = this.#made;
    return html`<div class="steps">
      <p class="once">${icons.warning}<span>${t("This token is shown once. Whoever has it sends as this device.")}</span></p>
      ${this.#old ? html`<p class="quiet">${t("The old token goes on working for its time of grace.")}</p>` : nothing}
      <div class="secret">
        <label class="address"
          ><span class="offstage">${t("Token")}</span
          ><input readonly .value=${token} spellcheck="false" @focus=${(event) => event.target.select()} /></label
        ><button class="primary" @click=${() => this.#copy(token)}>${t("Copy the token")}</button>
        <span role="status">${this.#told}</span>
      </div>
      ${this.#arrival()} ${this.#address()}
      <tt-snippets .about=${this.#about}></tt-snippets>
      <details @toggle=${(event) => this.#draw(event.target.open)}>
        <summary>${t("QR code")}</summary>
        <p class="quiet">${t("Address, id and token as JSON, for what scans its settings.")}</p>
        ${this.#code}
      </details>
    </div>`;
  }

  #arrival() {
    const first = this.#arrived;
    return html`<p class="arrival" role="status" data-arrived=${first ? "yes" : "no"}>
      ${
        first
          ? html`${icons.check}<span
                ><strong>${t("Received:")}</strong> ${formatLabel(first.metric)} ${formatValue(first.value)} ${first.unit ?? ""}</span
              >
              <a href=${`/devices/${encodeURIComponent(this.#made.device)}`}>${t("See the device")}</a>`
          : html`${icons.clock}<span>${t("Waiting for the first reading…")}</span>`
      }
    </p>`;
  }

  #address() {
    if (this.#urls.length < 2) return nothing;
    return html`<label class="server-address"
      >${t("The device reaches this server as")}
      <select
        @change=${(event) => {
          this.#url = event.target.value;
          this.#tell();
        }}
      >
        ${this.#urls.map((url) => html`<option ?selected=${url === this.#url}>${url}</option>`)}
      </select></label
    >`;
  }

  async #submit(event) {
    event.preventDefault();
    const form = event.target;
    const { device, name } = Object.fromEntries(new FormData(form));
    const body = { device: device.trim(), name: name.trim() || null, gateway: gatewayFrom(form) };
    await this.attempt(async () => this.#begin(await store.act("add", body)));
  }

  async #begin(made) {
    const { urls, mqtt, readings, time } = await this.#ask(made.device);
    this.#made = made;
    this.#old = made.old_until ?? null;
    this.#urls = urls;
    this.#url = urls[0] ?? location.origin;
    this.#mqtt = mqtt;
    this.#from = readings.length ? time : 0;
    this.#tell();
    this.#timer = setInterval(() => document.hidden || this.#look().catch(() => {}), LOOK);
  }

  #tell() {
    const { device, token } = this.#made;
    const mqtt = this.#mqtt && { host: this.#mqtt.host ?? new URL(this.#url).hostname, port: this.#mqtt.port };
    this.#about = { url: this.#url, device, token, mqtt };
    this.#code = nothing;
    this.requestUpdate();
    if (this.querySelector("details")?.open) this.#draw(true);
  }

  #ask(device) {
    return store.api.get("api/devices/arrivals", [["device", device]]);
  }

  /** Look for a reading that is newer than the dialog: of a device that had some before, one that came since. */
  async #look() {
    const device = this.#made?.device;
    if (!device) return;
    const { readings, used } = await this.#ask(device);
    if (this.#old && !used) return; // what still comes with the old token is no proof
    const fresh = readings.filter(([, ts]) => ts > this.#from || !this.#from);
    if (!fresh.length || this.#made?.device !== device) return;
    const [metric, , value, unit] = fresh.sort((a, b) => b[1] - a[1])[0];
    this.#arrived = { metric, value, unit };
    this.requestUpdate();
  }

  async #draw(open) {
    this.#code = open ? await qr(provisioning(this.#about), t("QR code with address, id and token")) : nothing;
    this.requestUpdate();
  }

  async #copy(text) {
    this.#told = await copy(text);
    this.requestUpdate();
  }

  async #open() {
    this.requestUpdate();
    await this.updateComplete;
    const dialog = this.querySelector("dialog");
    if (!dialog.open) dialog.showModal();
  }

  #close() {
    this.querySelector("dialog").close();
  }

  #reset() {
    clearInterval(this.#timer);
    this.#made = this.#about = this.#arrived = this.#old = null;
    this.#told = this.problem = this.#patterns = "";
    this.#speaks = "self";
    this.#code = nothing;
    this.querySelector("form")?.reset();
    this.requestUpdate();
  }
}

customElements.define("tt-onboard", Onboard);
