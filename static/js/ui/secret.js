/** Shows what is shown once and never again: a token, or the link of a screen, to copy or to scan. */
import { html, nothing } from "lit";
import { copy } from "telltale/copy.js";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";
import { qr } from "telltale/ui/qr.js";

class Secret extends Element {
  #shown = null;
  #code = nothing;
  #told = "";

  /** {title, text, label, value}; a `value` that is an address has a QR code, and a way to open it. */
  async open(shown) {
    this.#shown = shown;
    this.#told = "";
    this.#code = shown.address ? await qr(shown.value, t("QR code of the link")) : nothing;
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector("dialog").showModal();
  }

  render() {
    const { title = "", text = "", label = "", value = "", address = false } = this.#shown ?? {};
    return html`<dialog class="confirm secret-once" aria-labelledby="secret-title" @close=${this.#forget}>
      <form method="dialog">
        <h2 id="secret-title">${title}</h2>
        <p>${text}</p>
        ${this.#code}
        <label class="address"
          ><span class="offstage">${label}</span
          ><input readonly .value=${value} spellcheck="false" @focus=${(event) => event.target.select()}
        /></label>
        <p class="told quiet" role="status">${this.#told}</p>
        <footer>
          <button type="button" class="primary" @click=${this.#copy}>${t("Copy")}</button>
          ${address ? html`<a class="button plain" href=${value} target="_blank" rel="noopener">${t("Open here")}</a>` : nothing}
          <button value="done">${t("Done")}</button>
        </footer>
      </form>
    </dialog>`;
  }

  async #copy() {
    this.#told = await copy(this.#shown.value);
    this.requestUpdate();
  }

  #forget() {
    this.#shown = null;
    this.#code = nothing;
    this.requestUpdate();
  }
}

customElements.define("tt-secret", Secret);
