/** A table of newest values: a row a series, with its age and state in words. */
import { html } from "lit";
import { Shower } from "telltale/boards/model.js";
import { fullName, shortName } from "telltale/boards/names.js";
import { ageOf, valueOf } from "telltale/boards/value.js";
import { t } from "telltale/core/words.js";

class Table extends Shower {
  static properties = { short: { type: Boolean } };

  render() {
    const nameOf = this.short ? shortName : fullName;
    return html`<div class="rows">
      <table>
        <thead class="offstage">
          <tr>
            <th scope="col">${t("Series")}</th>
            <th scope="col">${t("Value")}</th>
            <th scope="col">${t("Age")}</th>
          </tr>
        </thead>
        <tbody>
          ${this.names.map(
            (name) =>
              html`<tr>
                <th scope="row">${nameOf(name)}</th>
                <td class="big">${valueOf(this.series(name))}</td>
                <td>${ageOf(this.series(name))}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }
}

customElements.define("tt-board-table", Table);
