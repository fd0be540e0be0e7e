/** All boards: made, imported, opened, copied, deleted and brought back. With none yet, what a board is. */
import { html, nothing } from "lit";
import { Api, pageUrl } from "telltale/api.js";
import { glyphs, kindWord } from "telltale/boards/words.js";
import { formatMoment } from "telltale/core/format.js";
import { t } from "telltale/core/words.js";
import { themes } from "telltale/theme.js";
import { Element } from "telltale/ui/element.js";
import { bar, sessionEnd } from "telltale/ui/head.js";
import { icons } from "telltale/ui/icons.js";

class BoardList extends Element {
  #boards = null;
  #problem = "";
  #ended = false;
  #api = new Api(() => {
    this.#ended = true;
    this.soon();
  });

  connectedCallback() {
    super.connectedCallback();
    this.operator = this.dataset.operator === "true";
    this.on(themes, "change");
    this.#load();
  }

  async #load() {
    const answer = await this.#api.getSurely("api/boards");
    this.#boards = answer?.boards ?? [];
    this.soon();
  }

  render() {
    return html`<a class="skip" href="#main">${t("Skip to the boards")}</a>
      <div class="top">${bar(t("Boards"))} ${sessionEnd(this.#ended)}</div>
      <main id="main" tabindex="-1" class="boards">${this.#main()}</main>`;
  }

  #main() {
    if (this.#boards === null) return html`<p class="quiet waiting">${t("Connecting…")}</p>`;
    const standing = this.#boards.filter((one) => one.deleted === null);
    const gone = this.#boards.filter((one) => one.deleted !== null);
    return html`${this.#problem ? html`<p class="problem" role="alert">${this.#problem}</p>` : nothing}
    ${standing.length ? html`${this.#make()} ${this.#list(standing)}` : this.#teach()}
    ${gone.length && this.operator ? this.#gone(gone) : nothing}`;
  }

  #teach() {
    return html`<section class="empty">
      <h2>${t("No board yet")}</h2>
      <p>${t("The overview arranges itself. A board is a screen that you compose: what belongs together, in the size and order that you need it.")}</p>
      <ul>
        <li>${t("Add tiles, charts, gauges, state strips, tables, text, and a floor plan with live values on it.")}</li>
        <li>${t("Write {device} in the names of series, and it is one board for every boiler.", { device: "{device}" })}</li>
        <li>${t("Hang it on a wall: add ?kiosk to its address.")}</li>
      </ul>
      ${this.operator ? this.#make() : html`<p>${t("An operator can make the first one.")}</p>`}
    </section>`;
  }

  #make() {
    if (!this.operator) return nothing;
    return html`<form class="make" @submit=${this.#new}>
      <label class="field"
        ><span class="offstage">${t("Name of the new board")}</span
        ><input name="name" required maxlength="80" autocomplete="off" placeholder=${t("Boiler room")}
      /></label>
      <button class="primary">${t("Make a board")}</button>
      <label class="button-like"
        ><span>${t("Import a file")}</span
        ><input class="offstage" type="file" accept=".json,application/json" @change=${this.#import}
      /></label>
    </form>`;
  }

  #list(boards) {
    const now = Date.now();
    return html`<ol class="board-list">
      ${boards.map(
        (one) =>
          html`<li>
            <a href=${pageUrl(`/boards/${one.id}`)}><span class="glyph">${glyphs.board}</span><strong>${one.name}</strong></a>
            <p class="quiet">${this.#about(one)}</p>
            <p class="quiet">${t("Version {version}, {author}, {time}", { version: one.version, author: one.author, time: formatMoment(one.changed, now) })}</p>
            <div class="tools">
              <a class="tool" href=${`${pageUrl(`/boards/${one.id}`)}${pageUrl("").includes("?") ? "&" : "?"}kiosk`} title=${t("Show on a wall")} aria-label=${t("Show {name} on a wall (kiosk)", { name: one.name })}
                >${glyphs.screen}</a
              >
              <a class="tool" download href=${pageUrl(`/api/boards/${one.id}/export`)} title=${t("Export as a file")} aria-label=${t("Export {name} as a file", { name: one.name })}
                >${icons.data}</a
              >
              ${
                this.operator
                  ? html`<button class="tool" title=${t("Copy")} aria-label=${t("Copy {name}", { name: one.name })} @click=${() => this.#copy(one)}>
                        ${glyphs.copy}
                      </button>
                      <button class="tool" title=${t("Delete")} aria-label=${t("Delete {name}", { name: one.name })} @click=${() => this.#do(() => this.#api.delete(`api/boards/${one.id}`))}>
                        ${glyphs.remove}
                      </button>`
                  : nothing
              }
            </div>
          </li>`,
      )}
    </ol>`;
  }

  #about({ parts, template }) {
    const counts = new Map();
    for (const kind of parts) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const words = [...counts].map(([kind, count]) => (count > 1 ? `${kindWord(kind)} × ${count}` : kindWord(kind)));
    if (template) words.unshift(t("For every device"));
    return words.join(", ") || t("Empty");
  }

  #gone(boards) {
    return html`<section class="gone">
      <h2>${t("Deleted")}</h2>
      <ol>
        ${boards.map(
          (one) =>
            html`<li>
              <span>${one.name}</span>
              <button aria-label=${t("Bring {name} back", { name: one.name })} @click=${() => this.#do(() => this.#api.post(`api/boards/${one.id}/restore`, {}))}>
                ${t("Bring it back")}
              </button>
            </li>`,
        )}
      </ol>
    </section>`;
  }

  async #new(event) {
    event.preventDefault();
    const name = new FormData(event.target).get("name").trim();
    if (!name) return;
    const made = await this.#do(() => this.#api.post("api/boards", { name, parts: [] }));
    if (made) this.#open(made.id);
  }

  async #import(event) {
    const [file] = event.target.files;
    event.target.value = "";
    const made = await this.#do(async () => {
      const text = await file.text();
      let body;
      try {
        body = JSON.parse(text);
      } catch {
        throw new Error(t("This file holds no board."));
      }
      return this.#api.post("api/boards/import", body);
    });
    if (made) location.assign(pageUrl(`/boards/${made.id}`));
  }

  async #copy(one) {
    await this.#do(async () => {
      const { board } = await this.#api.get(`api/boards/${one.id}`);
      return this.#api.post("api/boards", { ...board, name: t("Copy of {name}", { name: board.name }).slice(0, 80) });
    });
  }

  #open(id) {
    location.assign(pageUrl(`/boards/${id}`, [["edit", "1"]]));
  }

  async #do(work) {
    this.#problem = "";
    try {
      const done = await work();
      await this.#load();
      return done;
    } catch (error) {
      this.#problem = error.message;
      this.soon();
      return null;
    }
  }
}

customElements.define("tt-boards", BoardList);
