/** One part of a board: its title, and what its kind shows of its series. While it is edited it has handles. */
import { html, nothing } from "lit";
import "telltale/boards/chart.js";
import "telltale/boards/gauge.js";
import "telltale/boards/plan.js";
import "telltale/boards/strip.js";
import "telltale/boards/table.js";
import { fullName, shortName } from "telltale/boards/names.js";
import { wordsOf } from "telltale/boards/text.js";
import "telltale/boards/tile.js";
import { glyphs, kindWord } from "telltale/boards/words.js";
import { model } from "telltale/context.js";
import { filled, KINDS, resolved } from "telltale/core/boards.js";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";

class Part extends Element {
  static properties = {
    part: { attribute: false },
    device: {},
    editing: { type: Boolean },
    /** All is of one device: its name need not be repeated. */
    short: { type: Boolean },
    place: { attribute: false },
  };
  #names = [];

  connectedCallback() {
    super.connectedCallback();
    this.on(model, "structure");
  }

  willUpdate() {
    this.dataset.kind = this.part.kind;
    this.dataset.part = this.part.id;
    const names = this.#wanted();
    if (names.join("\n") !== this.#names.join("\n")) this.#names = names;
  }

  #wanted() {
    const { part, device } = this;
    const list = part.kind === "plan" ? (part.pins ?? []).map((pin) => pin.series) : part.series;
    return resolved(list, device, [...model.series.keys()], part.kind === "plan" ? Infinity : KINDS[part.kind].series);
  }

  render() {
    const { part } = this;
    const title = this.title_;
    return html`<article
      aria-label=${`${title || kindWord(part.kind)}`}
      tabindex=${this.editing ? "0" : nothing}
      aria-keyshortcuts=${this.editing ? "ArrowLeft ArrowRight Shift+ArrowRight Shift+ArrowDown Enter Delete" : nothing}
    >
      ${title ? html`<h2 title=${title}>${title}</h2>` : nothing}
      <div class="body">${this.#body()}</div>
      ${this.editing ? this.#handles() : nothing}
    </article>`;
  }

  get title_() {
    const { part, device } = this;
    if (part.title) return filled(part.title, device);
    if (["tile", "gauge"].includes(part.kind) && this.#names.length)
      return this.short ? shortName(this.#names[0]) : fullName(this.#names[0]);
    return "";
  }

  #body() {
    const { part } = this;
    const names = this.#names;
    if (part.kind === "text") return html`<div class="words">${wordsOf(filled(part.text ?? "", this.device))}</div>`;
    if (part.kind === "plan")
      return html`<tt-board-plan
        .part=${part}
        .names=${names}
        .device=${this.device}
        .editing=${this.editing}
      ></tt-board-plan>`;
    if (!names.length) return html`<p class="quiet">${this.#empty()}</p>`;
    const short = this.short;
    switch (part.kind) {
      case "tile":
        return html`<tt-board-tile .part=${part} .names=${names}></tt-board-tile>`;
      case "gauge":
        return html`<tt-board-gauge .part=${part} .names=${names}></tt-board-gauge>`;
      case "strip":
        return html`<tt-board-strip .part=${part} .names=${names} .short=${short}></tt-board-strip>`;
      case "table":
        return html`<tt-board-table .part=${part} .names=${names} .short=${short}></tt-board-table>`;
      default:
        return html`<tt-board-chart .part=${part} .names=${names} .short=${short}></tt-board-chart>`;
    }
  }

  #empty() {
    if (!this.part.series?.length) return t("No series yet: choose them in this part's settings.");
    if (!this.device && this.part.series.some((one) => one.includes("{device}"))) return t("Choose a device above.");
    return t("No series is called {name}.", { name: filled(this.part.series.join(", "), this.device) });
  }

  #handles() {
    const name = this.title_ || kindWord(this.part.kind);
    const tool = (what, label, glyph) =>
      html`<button class="tool" data-do=${what} title=${label} aria-label="${label}: ${name}">${glyph}</button>`;
    return html`<div class="handles">
        ${tool("move", t("Move"), glyphs.move)} ${tool("settings", t("Settings"), glyphs.settings)}
        ${tool("copy", t("Duplicate"), glyphs.copy)} ${tool("remove", t("Remove"), glyphs.remove)}
      </div>
      ${tool("resize", t("Resize"), glyphs.resize)}`;
  }

  updated() {
    if (!this.place) return;
    const { x, y, w, h } = this.place;
    this.style.gridColumn = `${x + 1} / span ${w}`;
    this.style.gridRow = `${y + 1} / span ${h}`;
    this.style.setProperty("--h", h);
  }
}

customElements.define("tt-part", Part);
