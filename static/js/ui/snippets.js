/** Examples in tabs, each to be copied; the arrows go from tab to tab. */
import { html } from "lit";
import { examples } from "telltale/core/snippets.js";
import { t } from "telltale/core/words.js";
import { copy } from "telltale/copy.js";
import { Element } from "telltale/ui/element.js";

const MOVES = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };

class Snippets extends Element {
  static properties = { about: { attribute: false } };
  #chosen = "curl";
  #told = "";

  render() {
    const all = examples(this.about);
    const shown = all.find(({ id }) => id === this.#chosen) ?? all[0];
    return html`<div class="snippets">
      <div role="tablist" aria-label=${t("Kind of device")} @keydown=${(event) => this.#move(event, all)}>
        ${all.map(
          ({ id, name }) =>
            html`<button
              type="button"
              role="tab"
              id="tab-${id}"
              aria-controls="snippet-panel"
              aria-selected=${id === shown.id}
              tabindex=${id === shown.id ? 0 : -1}
              @click=${() => this.#choose(id)}
            >
              ${name}
            </button>`,
        )}
      </div>
      <figure class="snippet" id="snippet-panel" role="tabpanel" aria-labelledby="tab-${shown.id}" data-snippet=${shown.id}>
        <figcaption>
          <span>${shown.notes}</span><span role="status">${this.#told}</span
          ><button type="button" @click=${() => this.#copy(shown.text)}>${t("Copy")}</button>
        </figcaption>
        <pre tabindex="0" aria-label=${t("{name} example", { name: shown.name })}><code>${shown.text}</code></pre>
      </figure>
    </div>`;
  }

  #choose(id) {
    this.#chosen = id;
    this.#told = "";
    this.requestUpdate();
  }

  async #move(event, all) {
    const by = MOVES[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const at = all.findIndex(({ id }) => id === this.#chosen);
    const next = Number.isFinite(by) ? (at + by + all.length) % all.length : by < 0 ? 0 : all.length - 1;
    this.#choose(all[next].id);
    await this.updateComplete;
    this.querySelector("[aria-selected=true]").focus();
  }

  async #copy(text) {
    this.#told = await copy(text);
    this.requestUpdate();
  }
}

customElements.define("tt-snippets", Snippets);
