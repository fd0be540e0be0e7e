/** The links by which screens show a board, in a dialog: made here, and revoked. */
import { html, nothing, repeat } from "lit";
import { model } from "telltale/context.js";
import { LIVES } from "telltale/core/credentials.js";
import { t } from "telltale/core/words.js";
import { icons } from "telltale/ui/icons.js";
import { Panel } from "telltale/ui/panel.js";
import "telltale/ui/secret.js";
import { lifeName, stateChip, stateText } from "telltale/ui/credential.js";

class Links extends Panel {
  #board = null;
  #links = [];
  #time = 0;

  async open(board) {
    this.#board = board;
    await this.attempt(() => this.#load());
    await this.updateComplete;
    this.querySelector("dialog.links").showModal();
  }

  async #load() {
    const answer = await model.api.get(`api/boards/${this.#board}/links`);
    this.#links = answer.links;
    this.#time = answer.time;
  }

  render() {
    return html`<dialog class="versions links" aria-labelledby="links-title">
        <header>
          <h2 id="links-title">${t("Links of screens")}</h2>
          <button class="tool" aria-label=${t("Close")} @click=${this.#close}>${icons.close}</button>
        </header>
        <p class="quiet">
          ${t("A link shows one board on a screen that no one logs in to. It only shows, and only the series of that board.")}
        </p>
        ${
          this.#links.length
            ? html`<ul class="entries">
                ${repeat(
                  this.#links,
                  ({ name }) => name,
                  (one) => this.#row(one),
                )}
              </ul>`
            : nothing
        }
        <form class="fields token-form" @submit=${this.#add}>
          <label
            >${t("Name of the screen")}
            <input name="name" autocomplete="off" spellcheck="false" maxlength="128" required
          /></label>
          <label
            >${t("Works")}
            <select name="expires">
              ${LIVES.map((life) => html`<option value=${life}>${lifeName(life)}</option>`)}
            </select></label
          >
          <button class="primary" ?disabled=${this.busy}>${t("Make the link")}</button>
        </form>
        ${this.trouble()}
      </dialog>
      <tt-secret></tt-secret>`;
  }

  #row(one) {
    return html`<li>
      <div class="entry-what">
        <strong>${one.name}</strong> ${stateChip(one)}
        <span class="quiet">${stateText(one, this.#time)}</span>
      </div>
      <button
        class="danger"
        ?disabled=${this.busy}
        aria-label=${t("Revoke {name}", { name: one.name })}
        @click=${() => this.#revoke(one)}
      >
        ${t("Revoke")}
      </button>
    </li>`;
  }

  async #add(event) {
    event.preventDefault();
    const form = event.target;
    const { name, expires } = Object.fromEntries(new FormData(form));
    let made = null;
    const act = async () => {
      made = await model.api.post(`api/boards/${this.#board}/links`, { name: name.trim(), ...(expires ? { expires } : {}) });
      await this.#load();
    };
    if (!(await this.attempt(act))) return;
    form.reset();
    this.querySelector("tt-secret").open({
      title: t("A link for {name}", { name: made.name }),
      text: t("Open it once on the screen: it stays logged in by itself. The link is not shown again."),
      label: t("Link"),
      value: new URL(made.link, location.href).href,
      address: true,
    });
  }

  async #revoke({ name }) {
    await this.attempt(async () => {
      await model.api.delete(`api/boards/${this.#board}/links/${encodeURIComponent(name)}`);
      await this.#load();
    });
  }

  #close() {
    document.querySelector("dialog.links").close();
  }
}

customElements.define("tt-board-links", Links);
