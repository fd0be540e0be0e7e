/** Statistics of what is shown of some series, one column a series: of the selection where there is one, and by time. */
import { html, nothing } from "lit";
import { param, put } from "telltale/address.js";
import { model } from "telltale/context.js";
import { formatMoment, formatNumber, formatSpan, titleOf } from "telltale/core/format.js";
import { statistics } from "telltale/core/statistics.js";
import { stretchOf } from "telltale/core/view.js";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";
import { everySecond } from "telltale/ui/ticker.js";

class Statistics extends Element {
  static properties = { series: { attribute: false }, level: { attribute: false } };

  connectedCallback() {
    super.connectedCallback();
    this.until(everySecond(() => model.view.live && this.soon()));
    this.on(model, "view");
    // a stretch is there some time after its view
    this.until(everySecond(() => !model.view.live && this.soon()));
  }

  render() {
    if (!this.series.length) return nothing;
    const now = model.clock.now();
    const { from, to } = model.view.span(now);
    const found = this.series.map((one) => this.#of(one, from, to));
    const several = new Set(this.series.map(({ device }) => device)).size > 1;
    const named = (one) => `${titleOf(one)}${several ? `, ${one.device}` : ""}${one.unit ? ` (${one.unit})` : ""}`;
    return html`<section class="statistics" aria-labelledby="statistics-title">
      <header>
        <h2 id="statistics-title">${t("Statistics")}</h2>
        <p class="quiet">${formatMoment(from, now)} – ${formatMoment(to, now)}, ${formatSpan(to - from)}</p>
        <label
          >${t("Time above")}
          <input type="number" step="any" .value=${this.level === null ? "" : String(this.level)} @change=${this.#level}
        /></label>
      </header>
      <div class="rows" tabindex="0" role="group" aria-labelledby="statistics-title">
        <table>
          <thead>
            <tr>
              <th scope="col"><span class="offstage">${t("What")}</span></th>
              ${this.series.map((one) => html`<th scope="col">${named(one)}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${this.#rows(found, now).map(
              ([name, cells]) =>
                html`<tr>
                  <th scope="row">${name}</th>
                  ${cells.map((one) => html`<td>${one}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      ${
        found.some((one) => one && !one.exact)
          ? html`<p class="quiet">
              ${t("The span is shown in buckets: percentiles are those of their means, and time above is an estimate.")}
            </p>`
          : nothing
      }
    </section>`;
  }

  #of(series, from, to) {
    const stretch = stretchOf(series, model.view);
    if (stretch.columns.text || !stretch.columns.length || (stretch === series.main && !series.loaded)) return null;
    const [times, v, low, high] = stretch.columns.all;
    const { resolution, rawFrom, interval } = stretch;
    const count = stretch.columns.counts;
    const found = { t: times, v, low, high, count, resolution, rawFrom, interval };
    return statistics(found, { from, to: to + 1, level: this.level });
  }

  #rows(found, now) {
    const each = (tell) => found.map((one, at) => (one ? (tell(one, this.series[at]) ?? "–") : "–"));
    const number = (value) => (value === null || value === undefined ? null : formatNumber(value));
    const rows = [
      [t("Readings"), each(({ count }) => number(count))],
      [t("Minimum"), each(({ min, minAt }) => (min === null ? null : this.#at(min, minAt, now)))],
      [t("Maximum"), each(({ max, maxAt }) => (max === null ? null : this.#at(max, maxAt, now)))],
      [t("Mean of readings"), each(({ mean }) => number(mean))],
      [t("Mean over time"), each(({ timeMean }) => number(timeMean))],
      [t("Standard deviation"), each(({ deviation }) => number(deviation))],
      ...[0.05, 0.5, 0.95].map((share) => [
        t("{share} % of readings are below", { share: formatNumber(100 * share) }),
        each(({ percentiles }) => number(percentiles.find(([one]) => one === share)?.[1])),
      ]),
      [t("Integral (unit × hours)"), each(({ integral }) => number(integral))],
      [t("Time with readings"), each(({ covered }) => formatSpan(covered))],
      [t("Gaps"), each(({ gaps }) => number(gaps))],
    ];
    if (this.level !== null) {
      const name = t("Time above {level}", { level: formatNumber(this.level) });
      rows.push([name, each(({ above }) => (above ? formatSpan(above.ms) : null))]);
    }
    return rows;
  }

  #at(value, when, now) {
    return html`${formatNumber(value)} <span class="quiet">${formatMoment(when, now)}</span>`;
  }

  #level({ target: { value } }) {
    put({ level: value === "" ? null : value });
  }
}

/** The level of the address, or null. */
export function levelOf() {
  const text = param("level");
  return text !== null && text !== "" && Number.isFinite(Number(text)) ? Number(text) : null;
}

customElements.define("tt-statistics", Statistics);
