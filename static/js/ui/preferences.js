/** What each browser keeps of how it shows things: language, time zone, light or dark. A button, and its dialog. */
import { html, nothing } from "lit";
import { chosenLanguage, keepLanguage, LANGUAGES, t } from "telltale/core/words.js";
import { chosenZone, keepZone, offsetName, zoneName, zoneNames } from "telltale/core/zone.js";
import { chosenTheme, chooseTheme } from "telltale/theme.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";

class Preferences extends Element {
  #open = false;

  render() {
    return html`<button
        class="tool"
        aria-haspopup="dialog"
        title=${t("Language, time zone, colours")}
        aria-label=${t("Language, time zone, colours")}
        @click=${this.#show}
      >
        ${icons.preferences}
      </button>
      <dialog aria-labelledby="preferences-title" @close=${this.#closed}>
        <header role="presentation">
          <h2 id="preferences-title">${t("On this browser")}</h2>
          <button class="tool" aria-label=${t("Close")} @click=${() => this.querySelector("dialog").close()}>
            ${icons.close}
          </button>
        </header>
        ${this.#open ? this.#form() : nothing}
      </dialog>`;
  }

  #form() {
    return html`<div class="preferences">
      <label
        >${t("Language")}
        <select @change=${({ target }) => this.#keep(() => keepLanguage(target.value || null))}>
          ${option("", t("As the browser"), chosenLanguage() ?? "")}
          ${Object.entries(LANGUAGES).map(([code, name]) => option(code, name, chosenLanguage(), code))}
        </select></label
      >
      <label
        >${t("Time zone")}
        <select @change=${({ target }) => this.#keep(() => keepZone(target.value))}>
          ${option("", t("As the browser"), chosenZone())} ${zoneNames().map((name) => option(name, name, chosenZone()))}
        </select></label
      >
      <p class="quiet">${t("Times are shown in {zone}, now {offset}.", { zone: zoneName(), offset: offsetName(Date.now()) })}</p>
      <label
        >${t("Colours")}
        <select @change=${({ target }) => chooseTheme(target.value)}>
          ${option("", t("As the system"), chosenTheme())} ${option("light", t("Light"), chosenTheme())}
          ${option("dark", t("Dark"), chosenTheme())}
        </select></label
      >
    </div>`;
  }

  async #show() {
    this.#open = true;
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector("dialog").showModal();
  }

  #closed() {
    this.#open = false;
    this.requestUpdate();
  }

  /** Words and times are made when the page is: it is loaded again, at the address that holds what it shows. */
  #keep(act) {
    act();
    location.reload();
  }
}

const option = (value, name, chosen, lang = nothing) =>
  html`<option value=${value} lang=${lang} ?selected=${value === (chosen ?? "")}>${name}</option>`;

customElements.define("tt-preferences", Preferences);
