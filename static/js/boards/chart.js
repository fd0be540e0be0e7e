/** Charts of one or more series on one axis of time: those of one or two units share a chart, more have more charts. */
import { html, nothing } from "lit";
import { Shower } from "telltale/boards/model.js";
import { fullName, shortName } from "telltale/boards/names.js";
import { ageOf, breachOf, limitsFor, valueOf } from "telltale/boards/value.js";
import { panels } from "telltale/core/lines.js";
import "telltale/ui/chart.js";

const COLOURS = 6;

class ChartPart extends Shower {
  static properties = { short: { type: Boolean } };
  #key = "";
  #panels = [];

  willUpdate(changes) {
    super.willUpdate(changes);
    const nameOf = this.short ? shortName : fullName;
    const lines = this.names.map((name, index) => ({
      key: name,
      series: this.series(name),
      colour: 1 + (index % COLOURS),
      name: nameOf(name),
    }));
    const shape = lines.map(({ key, series, name }) => [key, name, series?.kind, series?.unit, series?.title, series?.metric]);
    const key = JSON.stringify(shape);
    if (key === this.#key) return;
    this.#key = key;
    // booleans have an axis of their own, and none for texts: those are strips
    const known = lines.filter(({ series }) => series && series.kind !== "text");
    const booleans = known.filter(({ series }) => series.kind === "boolean");
    const charts = panels(known.filter(({ series }) => series.kind !== "boolean")).map((one) => one.lines);
    const rest = lines.filter((line) => !known.includes(line)).map((line) => [line]);
    this.#panels = [...charts, ...booleans.map((line) => [line]), ...rest];
  }

  render() {
    return html`<div class="lanes">
      ${this.#panels.map(
        (lines) =>
          html`<div class="lane">
            ${lines.map(
              ({ series, key, colour, name }) =>
                html`<p class="head">
                  <span class="who" data-colour=${colour}>${name || key}</span>
                  ${valueOf(series)} ${ageOf(series)} ${breachOf(series, this.part)}
                </p>`,
            )}
            ${
              lines[0].series && lines[0].series.kind !== "text"
                ? html`<tt-chart
                    role="img"
                    data-series=${lines[0].key}
                    .lines=${lines}
                    .limits=${limitsFor(lines[0].series, this.part)}
                  ></tt-chart>`
                : nothing
            }
          </div>`,
      )}
    </div>`;
  }
}

customElements.define("tt-board-chart", ChartPart);
