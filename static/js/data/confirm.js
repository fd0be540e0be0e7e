/** Asks before something is done that cannot simply be taken back. */
import { html, nothing } from "lit";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";

class Confirm extends Element {
  #question = null;

  /** Resolves to whether the answer was yes; Escape is no. */
  async ask(question) {
    this.#question = question;
    this.requestUpdate();
    await this.updateComplete;
    const dialog = this.querySelector("dialog");
    dialog.returnValue = "";
    dialog.showModal();
    await new Promise((resolve) => {
      dialog.addEventListener("close", resolve, { once: true });
    });
    return dialog.returnValue === "yes";
  }

  render() {
    if (!this.#question) return nothing;
    const { title, text, verb } = this.#question;
    return html`<dialog
      class="confirm"
      role="alertdialog"
      aria-labelledby="confirm-title"
      aria-describedby="confirm-text"
    >
      <form method="dialog">
        <h2 id="confirm-title">${title}</h2>
        <p id="confirm-text">${text}</p>
        <footer>
          <button value="no" autofocus>${t("Cancel")}</button>
          <button value="yes" class="danger">${verb}</button>
        </footer>
      </form>
    </dialog>`;
  }
}

customElements.define("tt-confirm", Confirm);

/** Ask by the page's one dialog: {title, text, verb}. */
export const sure = (question) => document.querySelector("tt-confirm").ask(question);
