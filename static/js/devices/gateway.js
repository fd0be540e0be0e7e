/** The dialog that says for which devices one speaks besides itself. */
import { html, live } from "lit";
import { patternsOf } from "telltale/core/standings.js";
import { t } from "telltale/core/words.js";
import { store } from "telltale/devices/store.js";
import { Panel } from "telltale/ui/panel.js";

class Gateway extends Panel {
  #device = "";
  #speaks = "self";
  #patterns = "";

  /** Ask for the patterns of a device of the list. */
  async edit({ device, gateway }) {
    this.#device = device;
    this.#patterns = gateway && gateway[0] !== "*" ? gateway.join("\n") : "";
    this.#speaks = !gateway ? "self" : gateway[0] === "*" ? "all" : "some";
    this.problem = "";
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector("dialog").showModal();
  }

  render() {
    return html`<dialog class="confirm" aria-labelledby="gateway-title">
      <form @submit=${this.#save}>
        <h2 id="gateway-title">${t("For whom {device} speaks", { device: this.#device })}</h2>
        <p>${t("A gateway sends the readings of other devices with its own token. It is reconnected when this changes.")}</p>
        <div class="fields">
          ${speakers(this.#speaks, this.#patterns, (speaks, patterns) => {
            this.#speaks = speaks;
            this.#patterns = patterns;
            this.requestUpdate();
          })}
        </div>
        ${this.trouble()}
        <footer>
          <button type="button" @click=${() => this.#close()}>${t("Cancel")}</button>
          <button class="primary" ?disabled=${this.busy}>${t("Save")}</button>
        </footer>
      </form>
    </dialog>`;
  }

  async #save(event) {
    event.preventDefault();
    const gateway = gatewayFrom(event.target);
    if (await this.attempt(() => store.act("gateway", { device: this.#device, gateway }))) this.#close();
  }

  #close() {
    this.querySelector("dialog").close();
  }
}

/** The fields that say it; `told(speaks, patterns)` hears what is chosen and written. */
export function speakers(speaks, patterns, told) {
  const choices = [
    ["self", t("itself only")],
    ["some", t("itself and devices that match")],
    ["all", t("all devices: it is a trusted gateway")],
  ];
  return html`<label class="wide"
      >${t("Speaks for")}
      <select name="speaks" .value=${live(speaks)} @change=${(event) => told(event.target.value, patterns)}>
        ${choices.map(([value, text]) => html`<option value=${value} ?selected=${value === speaks}>${text}</option>`)}
      </select></label
    >
    ${
      speaks === "some"
        ? html`<label class="wide"
            >${t("Ids of devices, one a line, with * for any text")}
            <textarea
              name="patterns"
              rows="3"
              required
              spellcheck="false"
              autocapitalize="none"
              placeholder="room-*"
              .value=${live(patterns)}
              @input=${(event) => told(speaks, event.target.value)}
            ></textarea>
          </label>`
        : ""
    }`;
}

/** What a form with these fields says, as the API takes it. */
export function gatewayFrom(form) {
  const { speaks, patterns } = Object.fromEntries(new FormData(form));
  if (speaks === "self") return null;
  return speaks === "all" ? [] : patternsOf(patterns ?? "");
}

customElements.define("tt-gateway", Gateway);
