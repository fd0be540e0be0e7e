/** A tile: one value, large, with its unit, its age, and a line of where it has been. */
import { html, nothing } from "lit";
import { Shower } from "telltale/boards/model.js";
import { ageOf, breachOf, valueOf } from "telltale/boards/value.js";
import "telltale/boards/line.js";

class Tile extends Shower {
  render() {
    const series = this.first;
    return html`<div class="tile">
      <p class="big">${valueOf(series, this.part?.unit)}</p>
      ${
        series && series.kind !== "text"
          ? html`<tt-line .series=${series} aria-hidden="true"></tt-line>`
          : html`<span class="fill"></span>`
      }
      <p class="foot">${ageOf(series)} ${this.part ? breachOf(series, this.part) : nothing}</p>
    </div>`;
  }
}

customElements.define("tt-board-tile", Tile);
