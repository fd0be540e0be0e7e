/** A gauge: an arc between two limits, and always the number, its unit and the limits in figures. */
import { html, nothing, svg } from "lit";
import { Shower } from "telltale/boards/model.js";
import { ageOf, breachOf, limitsFor, valueOf } from "telltale/boards/value.js";
import { shortName } from "telltale/boards/names.js";
import { formatValue } from "telltale/core/format.js";
import { arc, limitsOf, pointAt, share } from "telltale/core/gauge.js";
import { broken } from "telltale/core/limits.js";
import { t } from "telltale/core/words.js";

const R = 42;

class Gauge extends Shower {
  render() {
    const series = this.first;
    const value = typeof series?.latest?.v === "number" ? series.latest.v : null;
    const { min, max } = limitsOf(this.part, series?.unit, this.#seen(series, value));
    const limits = limitsFor(series, this.part);
    const at = value === null ? 0 : share(value, min, max);
    const unit = series?.unit ?? "";
    const said = value === null ? t("no reading") : `${formatValue(value, series.decimals)} ${unit}`;
    return html`<div class="gauge">
      <div class="dial">
        <svg
          viewBox="-50 -50 100 88"
          role="img"
          aria-label=${t("{name}: {value}, from {min} to {max}", {
            name: shortName(this.names[0] ?? ""),
            value: said,
            min: formatValue(min),
            max: formatValue(max),
          })}
        >
          <path class="track" d=${arc(0, 1, R)}></path>
          ${at > 0 ? svg`<path class="filled" ?data-beyond=${broken(limits, value).length > 0} d=${arc(0, at, R)}></path>` : nothing}
          ${limits.map((one) => this.#mark(one.value, min, max))}
        </svg>
        <p class="big">${valueOf(series)}</p>
        <p class="ends"><span>${formatValue(min)}</span><span>${formatValue(max)}</span></p>
      </div>
      <p class="foot">${ageOf(series)} ${breachOf(series, this.part)}</p>
    </div>`;
  }

  #mark(limit, min, max) {
    if (limit < min || limit > max) return nothing;
    const [x1, y1] = pointAt(share(limit, min, max), R - 7);
    const [x2, y2] = pointAt(share(limit, min, max), R + 7);
    return svg`<line class="limit" x1=${x1} y1=${y1} x2=${x2} y2=${y2}></line>`;
  }

  /** The lowest and the highest that is loaded: limits that nobody gave follow them. */
  #seen(series, value) {
    if (value === null) return [0, 1];
    if (this.part.min !== undefined && this.part.max !== undefined) return [value];
    let [low, high] = [value, value];
    for (const one of series.main.columns.v) {
      if (one < low) low = one;
      if (one > high) high = one;
    }
    return [low, high];
  }
}

customElements.define("tt-board-gauge", Gauge);
