/** All readings of the chosen series side by side, a row a time, in pages. */
import { html } from "lit";
import { formatCount, formatMoment, formatValue } from "telltale/core/format.js";
import { sheetOf } from "telltale/core/sheet.js";
import { t } from "telltale/core/words.js";
import { store } from "telltale/explore/store.js";
import { Element } from "telltale/ui/element.js";

const PAGE = 100;

/** The rows that are shown of some series; of all that are not switched off, if it is not said of which. */
export function sheet(names = store.state.series.filter((name) => !store.state.off.has(name))) {
  const list = names.map((name) => ({ ...store.about(name), name, rows: store.data.rows.get(name) }));
  return sheetOf(list.filter(({ rows }) => rows));
}

class Sheet extends Element {
  static properties = { sheet: { attribute: false } };
  #page = 0;

  willUpdate(changed) {
    if (changed.has("sheet")) this.#page = 0;
  }

  render() {
    const { heads, length } = this.sheet;
    const first = this.#page * PAGE;
    const rows = Array.from({ length: Math.min(PAGE, length - first) }, (_, i) => this.sheet.row(length - 1 - first - i));
    const range = { first: formatCount(first + 1), last: formatCount(first + rows.length), all: formatCount(length) };
    return html`<div class="scroll tall" tabindex="0" role="group" aria-label=${t("Readings")}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t("Time")}</th>
              ${heads.map((head) => html`<th scope="col" class="number">${head}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              ([at, ...cells]) =>
                html`<tr>
                  <th scope="row">${formatMoment(at, 0)}</th>
                  ${cells.map((cell) => html`<td class="number">${cell === undefined ? "" : formatValue(cell)}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <p class="pages">
        <span class="quiet">${t("Rows {first} to {last} of {all}, the newest first", range)}</span>
        <button ?disabled=${this.#page === 0} @click=${() => this.#turn(-1)}>${t("Newer")}</button>
        <button ?disabled=${first + PAGE >= length} @click=${() => this.#turn(1)}>${t("Older")}</button>
      </p>`;
  }

  #turn(by) {
    this.#page += by;
    this.soon();
  }
}

customElements.define("tt-sheet", Sheet);
