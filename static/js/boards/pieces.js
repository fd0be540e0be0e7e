/** What a board's page has around the board: the choice of a device, the tools to compose, what stands on an empty one. */
import { html, nothing } from "lit";
import { pageUrl } from "telltale/api.js";
import { glyphs, kindHelp, kindWord } from "telltale/boards/words.js";
import { KINDS } from "telltale/core/boards.js";
import { t } from "telltale/core/words.js";
import { icons } from "telltale/ui/icons.js";

/** The devices that the board can be of; `choose(id)`. */
export function choice(devices, chosen, choose) {
  return html`<label class="choose"
    ><span>${t("Device")}</span
    ><select @change=${(event) => choose(event.target.value)}>
      ${devices.map(([id, name]) => html`<option value=${id} ?selected=${id === chosen}>${name}</option>`)}
    </select></label
  >`;
}

/** The way to a file with the board. */
export function file(board) {
  const text = t("Export as a file");
  return html`<a class="tool" href=${pageUrl(`/api/boards/${board}/export`)} download title=${text} aria-label=${text}
    >${icons.data}</a
  >`;
}

/** The button of the links by which screens show the board. */
export function links(open) {
  return html`<button
    class="tool"
    title=${t("Links of screens")}
    aria-label=${t("Links by which screens show this board")}
    @click=${open}
  >
    ${glyphs.link}
  </button>`;
}

/** What stands where no part does; without `edit` it cannot be composed, or is being composed. */
export function empty(composing, edit) {
  return html`<section class="empty">
    <h2>${t("This board is empty")}</h2>
    ${
      composing
        ? html`<p>${t("Add a part above: a tile for one value, a chart for values over time, a floor plan for where they are.")}</p>`
        : edit
          ? html`<button class="primary" @click=${edit}>${t("Compose it")}</button>`
          : html`<p>${t("An operator can compose it.")}</p>`
    }
  </section>`;
}

/** A deleted board says so; `restore` brings it back, for who may. */
export function deleted(restore) {
  return html`<p class="notice">
    ${icons.warning}${t("This board was deleted.")}
    ${restore ? html`<button @click=${restore}>${t("Bring it back")}</button>` : nothing}
  </p>`;
}

/** The tools to compose with; `on` has what they do: add, step, versions, cancel, save, leave, overwrite. */
export function editBar(edits, { saving, newer, problem }, on) {
  const step = (way, text) =>
    html`<button
      class="tool"
      title=${text}
      aria-label=${text}
      ?disabled=${way === "undo" ? !edits.canUndo : !edits.canRedo}
      @click=${() => on.step(way)}
    >
      ${glyphs[way]}
    </button>`;
  return html`<div class="edit-bar" role="toolbar" aria-label=${t("Compose the board")}>
    <div class="kinds">
      ${Object.keys(KINDS).map(
        (kind) => html`<button title=${kindHelp(kind)} @click=${() => on.add(kind)}>${icons.plus}${kindWord(kind)}</button>`,
      )}
    </div>
    <div class="steps">
      ${step("undo", t("Undo"))} ${step("redo", t("Redo"))}
      <button @click=${on.versions}>${t("Versions")}</button>
      <button @click=${on.cancel}>${edits.dirty ? t("Discard") : t("Close")}</button>
      <button class="primary" ?disabled=${saving || !edits.dirty} @click=${on.save}>${t("Save")}</button>
    </div>
    ${newer ? conflict(on) : nothing} ${problem ? html`<p class="problem" role="alert">${problem}</p>` : nothing}
  </div>`;
}

function conflict(on) {
  return html`<p class="notice" role="alert">
    ${icons.warning}<span>${t("Someone else has saved this board since. Yours is not saved.")}</span>
    <button @click=${on.leave}>${t("Show theirs")}</button>
    <button @click=${on.overwrite}>${t("Save mine on top")}</button>
  </p>`;
}
