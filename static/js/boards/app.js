/** The page of one board: looking at it, composing it, or showing it on a wall (`?kiosk`). */
import { html, nothing } from "lit";
import { pageUrl, Refused } from "telltale/api.js";
import "telltale/boards/editor.js";
import "telltale/boards/grid.js";
import "telltale/boards/history.js";
import "telltale/boards/kiosk.js";
import "telltale/boards/links.js";
import { choice, deleted, editBar, empty, file, links } from "telltale/boards/pieces.js";
import { glyphs, kindWord } from "telltale/boards/words.js";
import { me, model } from "telltale/context.js";
import { address, param, put } from "telltale/address.js";
import { searchWith } from "telltale/core/address.js";
import { added, changed, Edits, fitting, fresh, isTemplate } from "telltale/core/boards.js";
import { byName, label } from "telltale/core/inventory.js";
import { RANGES } from "telltale/core/view.js";
import { t } from "telltale/core/words.js";
import { themes } from "telltale/theme.js";
import "telltale/ui/banner.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";
import "telltale/ui/time.js";
import { openRange } from "telltale/boards/model.js";
import { leaveTool, themeTool } from "telltale/ui/tools.js";

class BoardPage extends Element {
  /** The board as the server has it; null: not asked yet, false: there is none. */
  #found = null;
  #edits = null;
  #said = "";
  #problem = "";
  #newer = false;
  #saving = false;
  #kiosk = param("kiosk") !== null;

  connectedCallback() {
    super.connectedCallback();
    this.id_ = this.dataset.board;
    if (this.#kiosk) return;
    this.on(themes, "change");
    this.on(address, "change");
    for (const event of ["structure", "view", "connection"]) this.on(model, event);
    this.on(model, "board", ({ detail }) => this.#told(detail));
    this.on(document, "keydown", (event) => this.#key(event));
    this.on(window, "beforeunload", (event) => {
      if (this.#edits?.dirty) event.preventDefault();
    });
    this.#load();
  }

  async #load() {
    const answer = await model.api.getSurely(`api/boards/${encodeURIComponent(this.id_)}`);
    this.#found = answer ?? false;
    this.#newer = false;
    if (answer) {
      document.title = `${answer.board.name} · Telltale`;
      if (param("edit") !== null && me.operator && !answer.deleted) this.#edit();
      openRange(answer.board);
    }
    this.soon();
  }

  /** Someone has saved a board: this one is shown as it is now, unless it is being changed here. */
  #told(board) {
    const { version, deleted: gone } = this.#found || {};
    if (String(board.id) !== this.id_ || (board.version === version && board.deleted === gone)) return;
    if (!this.#edits) this.#load();
    else if (!this.#saving && board.version > this.#found.version) {
      this.#newer = true;
      this.soon();
    }
  }

  render() {
    if (this.#kiosk) return html`<tt-kiosk .board=${this.dataset.board} .build=${this.dataset.build}></tt-kiosk>`;
    return html`<a class="skip" href="#main">${t("Skip to the board")}</a>
      <div class="top">${this.#bar()}<tt-banner></tt-banner>${this.#edits ? this.#editBar() : nothing}</div>
      <main id="main" tabindex="-1" class="board">${this.#main()}</main>
      <p class="offstage" aria-live="polite">${this.#said}</p>
      <tt-part-editor @apply=${(event) => this.#apply(event.detail)}></tt-part-editor>
      ${me.operator && !me.demo ? html`<tt-board-links></tt-board-links>` : nothing}
      <tt-board-history @restored=${() => this.#leave()}></tt-board-history>`;
  }

  #main() {
    if (this.#found === null) return html`<p class="quiet waiting">${t("Connecting…")}</p>`;
    if (!this.#found)
      return html`<section class="empty">
        <h2>${t("There is no such board")}</h2>
        <p><a href=${pageUrl("/boards")}>${t("All boards")}</a></p>
      </section>`;
    const content = this.#content;
    return html`${this.#found.deleted ? deleted(me.operator && (() => this.#undelete())) : nothing}
    ${
      content.parts.length
        ? html`<tt-board-grid
            .content=${content}
            .device=${this.#chosen}
            .editing=${Boolean(this.#edits)}
            @change=${(event) => this.#change(event.detail)}
            @settings=${(event) => this.#settings(event.detail)}
            @said=${(event) => this.#say(event.detail)}
          ></tt-board-grid>`
        : empty(Boolean(this.#edits), me.operator && !this.#found.deleted && (() => this.#edit()))
    }`;
  }

  get #content() {
    return this.#edits?.content ?? this.#found.board;
  }

  /** The devices that this board fits, by their names for people. */
  get #devices() {
    const { devices } = model.inventory;
    const ids = fitting(this.#content, [...devices.keys()], model.series);
    return ids.sort((a, b) => byName(label(devices.get(a)), label(devices.get(b))));
  }

  get #chosen() {
    if (!isTemplate(this.#content)) return "";
    return param("device") || this.#devices[0] || "";
  }

  #bar() {
    const name = this.#found ? this.#content.name : t("Board");
    return html`<header class="bar">
      <div class="brand">
        <a class="tool" href=${pageUrl("/boards")} title=${t("All boards")} aria-label=${t("All boards")}>${icons.back}</a>
        ${
          this.#edits
            ? html`<input
                class="board-name"
                aria-label=${t("Name of the board")}
                maxlength="80"
                .value=${name}
                @change=${this.#rename}
              />`
            : html`<h1>${name}</h1>`
        }
        <tt-badge></tt-badge>
      </div>
      ${this.#found && isTemplate(this.#content) ? this.#choice() : nothing}
      <div class="ranges" role="group" aria-label=${t("Time range")}>
        ${RANGES.slice(0, 6).map(([text, range]) => {
          const on = model.view.live && model.view.range === range;
          return html`<button aria-pressed=${String(on)} @click=${() => this.#show(range)}>
            ${text}
          </button>`;
        })}
      </div>
      ${model.view.live ? nothing : html`<button class="back primary" @click=${() => model.look((view) => view.reset())}>${t("Back to live")}</button>`}
      <div class="tools">
        ${this.#edits || !this.#found ? nothing : this.#tools()} ${themeTool()} ${leaveTool(me.demo ? "" : me.user)}
      </div>
    </header>`;
  }

  /** Of a board that is composed, it is also the range that it opens with. */
  #show(range) {
    model.look((view) => view.show(range));
    if (this.#edits && this.#content.range !== range) this.#change({ ...this.#content, range });
  }

  #tools() {
    const wall = searchWith(location.search, { kiosk: "", edit: null, device: isTemplate(this.#content) ? this.#chosen : null });
    return html`<a class="tool" href=${location.pathname + wall} title=${t("Show on a wall")} aria-label=${t("Show on a wall (kiosk)")}
        >${glyphs.screen}</a
      >
      ${me.operator && !me.demo && !this.#found.deleted ? links(() => this.querySelector("tt-board-links").open(this.id_)) : nothing}
      ${file(this.id_)}
      ${
        me.operator && !this.#found.deleted
          ? html`<button class="edit" @click=${this.#edit}>${glyphs.pencil}<span>${t("Edit")}</span></button>`
          : nothing
      }`;
  }

  #choice() {
    const { devices } = model.inventory;
    const [ids, chosen] = [this.#devices, this.#chosen];
    const all = chosen && !ids.includes(chosen) ? [chosen, ...ids] : ids;
    const named = all.map((id) => [id, devices.has(id) ? label(devices.get(id)) : id]);
    return choice(named, chosen, (device) => put({ device }));
  }

  #editBar() {
    const state = { saving: this.#saving, newer: this.#newer, problem: this.#problem };
    return editBar(this.#edits, state, {
      add: (kind) => this.#add(kind),
      step: (way) => this.#step(way),
      versions: () => this.querySelector("tt-board-history").open(this.id_),
      cancel: () => this.#cancel(),
      save: () => this.#save(),
      leave: () => this.#leave(),
      overwrite: () => this.#overwrite(),
    });
  }

  #edit() {
    this.#edits = new Edits(this.#found.board);
    this.#problem = "";
    this.requestUpdate();
  }

  #change(content) {
    this.#edits.change(content);
    this.requestUpdate();
  }

  #rename(event) {
    const name = event.target.value.trim();
    if (name) this.#change({ ...this.#content, name });
    else event.target.value = this.#content.name;
  }

  #add(kind) {
    const part = fresh(kind, this.#content);
    this.#change(added(this.#content, part));
    this.#say(t("Added: {kind}", { kind: kindWord(kind) }));
    this.querySelector("tt-part-editor").open(part);
  }

  #settings(id) {
    this.querySelector("tt-part-editor").open(this.#content.parts.find((one) => one.id === id));
  }

  #apply(part) {
    const before = this.#content.parts.find((one) => one.id === part.id);
    const gone = Object.fromEntries(Object.keys(before ?? {}).map((key) => [key, undefined]));
    this.#change(changed(this.#content, part.id, { ...gone, ...part }));
  }

  #step(way) {
    this.#edits[way]();
    this.#say(way === "undo" ? t("Undone") : t("Done again"));
    this.requestUpdate();
  }

  #key(event) {
    if (!this.#edits || !(event.ctrlKey || event.metaKey) || event.target.closest?.("input, textarea, dialog")) return;
    const key = event.key.toLowerCase();
    if (key === "z" || key === "y") this.#step(key === "y" || event.shiftKey ? "redo" : "undo");
    else if (key === "s") this.#save();
    else return;
    event.preventDefault();
  }

  async #save() {
    if (this.#saving || !this.#edits.dirty) return;
    this.#saving = true;
    this.#problem = "";
    this.requestUpdate();
    try {
      const body = { version: this.#found.version, board: this.#edits.content };
      this.#found = await model.api.put(`api/boards/${this.id_}`, body);
      this.#edits = null;
      this.#say(t("Saved"));
      put({ edit: null }, false);
      document.title = `${this.#found.board.name} · Telltale`;
    } catch (error) {
      if (error instanceof Refused && error.status === 409) this.#newer = true;
      else this.#problem = t("Not saved: {message}", { message: error.message });
    }
    this.#saving = false;
    this.requestUpdate();
  }

  async #overwrite() {
    const theirs = await model.api.getSurely(`api/boards/${this.id_}`);
    if (!theirs) return;
    this.#found = { ...this.#found, version: theirs.version };
    this.#newer = false;
    await this.#save();
  }

  #cancel() {
    if (this.#edits.dirty && !confirm(t("Discard what you have changed?"))) return;
    this.#leave();
  }

  #leave() {
    this.#edits = null;
    put({ edit: null }, false);
    this.#load();
  }

  async #undelete() {
    await model.api.post(`api/boards/${this.id_}/restore`, {});
    this.#load();
  }

  #say(text) {
    this.#said = text;
    this.soon();
  }
}

customElements.define("tt-board-page", BoardPage);
