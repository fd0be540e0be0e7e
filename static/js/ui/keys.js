/** Single-key shortcuts of every page with charts, the list of them (`?`), and the switch that turns them off. */
import { html } from "lit";
import { address, param, put } from "telltale/address.js";
import { model } from "telltale/context.js";
import { actionOf, SHORTCUTS } from "telltale/core/keys.js";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";
import { togglePause } from "telltale/ui/time.js";

const KEY = "telltale-keys";
/** Spans that an arrow moves, and how much + and - zoom. */
const MOVE = 0.25;
const ZOOM = 2;

function stored() {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

function keep(on) {
  try {
    localStorage.setItem(KEY, on ? "on" : "off");
  } catch {
    // private windows may not store; the choice then lasts as long as the page
  }
}

class Keys extends Element {
  #on = stored();

  connectedCallback() {
    super.connectedCallback();
    this.on(document, "keydown", (event) => this.#key(event));
    this.on(address, "change", () => this.#kiosk());
    this.#kiosk();
  }

  /** Show the list. */
  open() {
    const dialog = this.querySelector("dialog");
    if (!dialog.open) dialog.showModal();
  }

  render() {
    return html`<dialog class="keys" aria-labelledby="keys-title">
      <header>
        <h2 id="keys-title">${t("Keys")}</h2>
        <button class="tool" aria-label=${t("Close")} @click=${() => this.querySelector("dialog").close()}>
          ${icons.close}
        </button>
      </header>
      <dl>
        ${SHORTCUTS.map(
          ([key, , text]) =>
            html`<div>
              <dt><kbd>${key}</kbd></dt>
              <dd>${text()}</dd>
            </div>`,
        )}
      </dl>
      <p class="quiet">
        ${t("On a chart: drag zooms, shift and drag moves, ctrl and the wheel zoom, a double click goes live.")}
        ${t("In a chart that has the focus, the arrows step from point to point.")}
      </p>
      <label class="check"
        ><input type="checkbox" .checked=${this.#on} @change=${this.#switch} /> ${t("Keys without ctrl or alt work")}</label
      >
    </dialog>`;
  }

  #switch(event) {
    this.#on = event.target.checked;
    keep(this.#on);
  }

  #key(event) {
    const action = this.#on ? actionOf(event) : null;
    if (action === null) return;
    const now = model.clock.now();
    const look = (change) => model.look(change, { gesture: "key" });
    const { from, to } = model.view.span(now);
    const find = document.querySelector('input[type="search"]');
    const acts = {
      help: () => this.open(),
      live: () => model.look((view) => view.reset()),
      pause: togglePause,
      earlier: () => look((view) => view.shift(-MOVE * (to - from), now)),
      later: () => look((view) => view.shift(MOVE * (to - from), now)),
      in: () => look((view) => view.scale(1 / ZOOM, now)),
      out: () => look((view) => view.scale(ZOOM, now)),
      find: () => find?.select(),
      kiosk: () => put({ kiosk: param("kiosk") === null ? "" : null }),
    };
    event.preventDefault();
    if (action === "find") find?.focus();
    acts[action]();
  }

  #kiosk() {
    document.documentElement.toggleAttribute("data-kiosk", param("kiosk") !== null);
  }
}

customElements.define("tt-keys", Keys);
