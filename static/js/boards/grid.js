/**
 * The parts of a board on its grid. While it is edited they are moved and resized by mouse, touch and keyboard: the
 * handles are dragged; on a part the arrows move, with Shift they resize, Enter opens its settings, Delete removes it.
 * Tells `change` (the new content), `settings` and `said` (what a key did, for who does not see it).
 */
import { html, repeat } from "lit";
import "telltale/boards/part.js";
import { added, changed, fresh, GRID, isTemplate, moved, placed, removed, resized, stepped } from "telltale/core/boards.js";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";

const MOVES = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
const SIZES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class Grid extends Element {
  static properties = {
    content: { attribute: false },
    device: {},
    editing: { type: Boolean },
    /** Rows are as high as the screen allows. */
    wall: { type: Boolean },
    draft: { state: true },
  };
  #drag = null;
  #focus = null;

  render() {
    const content = this.draft ?? this.content;
    const { places } = placed(content.parts);
    const short = isTemplate(content);
    return html`<div
      class="grid"
      @click=${this.#click}
      @keydown=${this.#key}
      @pointerdown=${this.#grab}
      @pointermove=${this.#pull}
      @pointerup=${this.#drop}
      @pointercancel=${this.#drop}
      @pins=${this.#pins}
    >
      ${repeat(
        content.parts,
        (part) => part.id,
        (part, index) =>
          html`<tt-part
            .part=${part}
            .device=${this.device}
            .editing=${this.editing}
            .short=${short}
            .place=${places[index]}
          ></tt-part>`,
      )}
    </div>`;
  }

  updated() {
    const grid = this.querySelector(".grid");
    const { rows } = placed((this.draft ?? this.content).parts);
    grid.style.gridTemplateRows = this.wall ? `repeat(${Math.max(1, rows)}, minmax(0, 1fr))` : "";
    if (this.#focus) {
      const { id, what } = this.#focus;
      this.#focus = null;
      const part = this.querySelector(`tt-part[data-part="${id}"]`);
      part?.updateComplete.then(() => part.querySelector(what)?.focus());
    }
  }

  #change(content) {
    this.draft = undefined;
    this.dispatchEvent(new CustomEvent("change", { detail: content }));
  }

  #say(text) {
    this.dispatchEvent(new CustomEvent("said", { detail: text }));
  }

  #click(event) {
    const what = event.target.closest("[data-do]")?.dataset.do;
    const id = event.target.closest("tt-part")?.part.id;
    if (what === "settings") this.#settings(id);
    else if (what === "remove") this.#remove(id);
    else if (what === "copy") this.#copy(id);
  }

  #settings(id) {
    this.dispatchEvent(new CustomEvent("settings", { detail: id }));
  }

  #remove(id) {
    const index = this.content.parts.findIndex((one) => one.id === id);
    const next = this.content.parts[index + 1] ?? this.content.parts[index - 1];
    if (next) this.#focus = { id: next.id, what: "article" };
    this.#change(removed(this.content, id));
    this.#say(t("Removed. Undo brings it back."));
  }

  #copy(id) {
    const part = this.content.parts.find((one) => one.id === id);
    const copy = { ...part, id: fresh(part.kind, this.content).id };
    const index = this.content.parts.indexOf(part);
    this.#focus = { id: copy.id, what: "article" };
    this.#change(moved(added(this.content, copy), copy.id, index + 1));
  }

  #key(event) {
    if (!this.editing || event.ctrlKey || event.metaKey || event.altKey) return;
    const element = event.target.closest("tt-part");
    const what = event.target.dataset.do;
    const whole = event.target.localName === "article";
    if (!element || !(whole || what === "move" || what === "resize")) return;
    const { id } = element.part;
    const sizing = what === "resize" || (whole && event.shiftKey);
    if (event.key in MOVES) {
      event.preventDefault();
      this.#focus = { id, what: whole ? "article" : `[data-do=${what}]` };
      if (sizing) this.#grow(element.part, ...SIZES[event.key]);
      else this.#step(id, MOVES[event.key]);
    } else if (whole && (event.key === "Delete" || event.key === "Backspace")) {
      event.preventDefault();
      this.#remove(id);
    } else if (whole && event.key === "Enter") {
      event.preventDefault();
      this.#settings(id);
    }
  }

  #step(id, by) {
    const content = stepped(this.content, id, by);
    this.#change(content);
    const place = content.parts.findIndex((one) => one.id === id) + 1;
    this.#say(t("Place {n} of {all}", { n: place, all: content.parts.length }));
  }

  #grow(part, dw, dh) {
    const content = resized(this.content, part.id, part.w + dw, part.h + dh);
    this.#change(content);
    const { w, h } = content.parts.find((one) => one.id === part.id);
    this.#say(t("{w} wide, {h} high", { w, h }));
  }

  #grab(event) {
    if (!this.editing || event.button) return;
    // a mouse takes a part anywhere; a finger only by its handles, elsewhere it scrolls
    const anywhere = event.pointerType === "mouse" && !event.target.closest("button, .pin");
    const handle = event.target.closest("[data-do=move], [data-do=resize]") ?? (anywhere && event.target);
    const element = handle && handle.closest("tt-part");
    if (!element) return;
    // captured by the grid: the part itself is moved in the document while it is dragged
    event.currentTarget.setPointerCapture(event.pointerId);
    const { width, height, left, top } = element.getBoundingClientRect();
    const { w, h, id } = element.part;
    this.#drag = { id, what: handle.dataset.do === "resize" ? "resize" : "move", cell: [width / w, height / h], corner: [left + scrollX, top + scrollY] };
    element.dataset.held = "";
    getSelection().removeAllRanges();
    if (anywhere) {
      event.preventDefault(); // no text is selected; the focus goes where it would have gone
      element.querySelector("article").focus();
    }
  }

  #pull(event) {
    if (!this.#drag) return;
    const { id, what, cell, corner } = this.#drag;
    if (what === "resize") {
      const [w, h] = [(event.pageX - corner[0]) / cell[0], (event.pageY - corner[1]) / cell[1]];
      this.draft = resized(this.content, id, Math.ceil(w - 0.3), Math.ceil(h - 0.3));
      return;
    }
    const over = document
      .elementsFromPoint(event.clientX, event.clientY)
      .map((one) => one.closest("tt-part"))
      .find((one) => one && this.contains(one));
    if (!over || over.part.id === id || over === this.#drag.over) {
      this.#drag.over = over;
      return;
    }
    // what has just made room lies under the pointer now: it moves back only when left first
    this.#drag.over = over;
    const content = this.draft ?? this.content;
    this.draft = moved(
      content,
      id,
      content.parts.findIndex((one) => one.id === over.part.id),
    );
  }

  #drop(event) {
    const held = this.#drag;
    this.#drag = null;
    if (!held) return;
    for (const one of this.querySelectorAll("tt-part[data-held]")) delete one.dataset.held;
    if (event.type === "pointercancel") this.draft = undefined;
    else if (this.draft) this.#change(this.draft);
  }

  #pins(event) {
    const { id } = event.target.closest("tt-part").part;
    const index = document.activeElement?.dataset.index;
    if (index) this.#focus = { id, what: `.pin[data-index="${index}"]` };
    this.#change(changed(this.content, id, { pins: event.detail }));
  }
}

customElements.define("tt-board-grid", Grid);
/** Columns, for style sheets. */
document.documentElement.style.setProperty("--board-columns", GRID);
