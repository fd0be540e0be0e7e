/** States over time, one strip a series, below its name and what holds now. */
import { html, nothing } from "lit";
import { Shower } from "telltale/boards/model.js";
import { fullName, shortName } from "telltale/boards/names.js";
import { ageOf, valueOf } from "telltale/boards/value.js";
import { model } from "telltale/context.js";
import { formatTime } from "telltale/core/format.js";
import "telltale/ui/strip.js";

class StripPart extends Shower {
  static properties = { short: { type: Boolean } };

  render() {
    const nameOf = this.short ? shortName : fullName;
    const { from, to } = model.view.span(model.clock.now());
    return html`<div class="strips">
      ${this.names.map((name) => {
        const series = this.series(name);
        return html`<div class="strip">
          <p class="head"><span class="who">${nameOf(name)}</span> ${valueOf(series)} ${ageOf(series)}</p>
          ${series ? html`<tt-strip data-series=${name} data-colour="1" .series=${series}></tt-strip>` : nothing}
        </div>`;
      })}
      <p class="axis"><time>${formatTime(from, { seconds: false })}</time><time>${formatTime(to, { seconds: false })}</time></p>
    </div>`;
  }
}

customElements.define("tt-board-strip", StripPart);
