/** The versions of a board in a dialog: who saved each, and the way back to it. Tells `restored`. */
import { html, nothing } from "lit";
import { model } from "telltale/context.js";
import { formatMoment } from "telltale/core/format.js";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";

class History extends Element {
  #board = null;
  #versions = [];
  #problem = "";

  async open(board) {
    this.#board = board;
    const answer = await model.api.getSurely(`api/boards/${board}/versions`);
    this.#versions = answer?.versions ?? [];
    this.#problem = "";
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector("dialog").showModal();
  }

  render() {
    const now = model.clock.now();
    return html`<dialog class="versions" aria-labelledby="versions-title">
      <header>
        <h2 id="versions-title">${t("Versions")}</h2>
        <button class="tool" aria-label=${t("Close")} @click=${this.#close}>${icons.close}</button>
      </header>
      <ol>
        ${this.#versions.map(
          ({ version, author, changed }, index) =>
            html`<li>
              <span><b>${version}</b> ${formatMoment(changed, now)} · ${author}</span>
              ${
                index
                  ? html`<button
                      aria-label=${t("Go back to version {version}", { version })}
                      @click=${() => this.#restore(version)}
                    >
                      ${t("Go back to it")}
                    </button>`
                  : html`<span class="quiet">${t("now")}</span>`
              }
            </li>`,
        )}
      </ol>
      ${this.#problem ? html`<p class="problem" role="alert">${this.#problem}</p>` : nothing}
      <p class="quiet">${t("Going back makes a new version: nothing is lost.")}</p>
    </dialog>`;
  }

  async #restore(version) {
    try {
      await model.api.post(`api/boards/${this.#board}/restore`, { version });
      this.#close();
      this.dispatchEvent(new CustomEvent("restored"));
    } catch (error) {
      this.#problem = error.message;
      this.requestUpdate();
    }
  }

  #close() {
    document.querySelector("dialog.versions").close();
  }
}

customElements.define("tt-board-history", History);
