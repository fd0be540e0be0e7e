/** The statistics of what is shown, a column a series; the level of "time above" is written into the table. */
import { html, nothing } from "lit";
import { formatCount, formatMoment, formatNumber, formatValue } from "telltale/core/format.js";
import { statistics } from "telltale/core/statistics.js";
import { plural, t } from "telltale/core/words.js";
import { store } from "telltale/explore/store.js";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Statistics of a series in the span that is shown, or null. */
export function statisticsOf(name) {
  const stretch = store.stretch(name);
  if (!stretch) return null;
  const level = store.state.levels[name] ?? null;
  return statistics(stretch, { from: store.data.from, to: store.end, level, hold: boolean({ name }) });
}

export function statisticsTable() {
  const all = store.state.series.map((name) => ({ name, found: statisticsOf(name) })).filter(({ found }) => found);
  if (!all.length) return nothing;
  const rows = [
    [t("Readings"), "", ({ found }) => formatCount(found.count)],
    [t("Minimum"), "", (one) => extreme(one, one.found.min, one.found.minAt)],
    [t("Maximum"), "", (one) => extreme(one, one.found.max, one.found.maxAt)],
    [t("Mean"), t("of all readings"), (one) => mean(one, one.found.mean)],
    [t("Mean over time"), t("each value as long as it lasted"), (one) => mean(one, one.found.timeMean)],
    [t("Standard deviation"), "", (one) => (boolean(one) ? "–" : number(one, one.found.deviation))],
    ...[0, 1, 2, 3, 4, 5, 6].map(percentileRow),
    [t("Integral"), t("over time, gaps left out"), integral],
    [t("Time above"), t("a level of your choice"), above],
    [t("Time covered"), t("the rest is gaps"), covered],
  ];
  return html`<section aria-labelledby="statistics-title" class="statistics">
    <h2 id="statistics-title">${t("Statistics")}</h2>
    <div class="scroll" tabindex="0" role="group" aria-label=${t("Statistics")}>
      <table>
        <thead>
          <tr>
            <td></td>
            ${all.map(
              ({ name }) =>
                html`<th scope="col" class="number"><span class="swatch" data-series=${store.state.series.indexOf(name) + 1}></span>${name}</th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([name, about, cell]) =>
              html`<tr>
                <th scope="row">${name}${about ? html` <span class="quiet">${about}</span>` : nothing}</th>
                ${all.map((one) => html`<td class="number">${cell(one)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${
      all.some(({ found }) => !found.exact)
        ? html`<p class="quiet">${t("≈ is an estimate from means of buckets: the span has too many readings to fetch each.")}</p>`
        : nothing
    }
  </section>`;
}

const PERCENTILES = ["1", "5", "25", "50", "75", "95", "99"];

function percentileRow(i) {
  const name = PERCENTILES[i] === "50" ? t("Median") : t("{n} % lie below", { n: PERCENTILES[i] });
  return [name, "", (one) => boolean(one) ? "–" : `${one.found.exact ? "" : "≈ "}${number(one, one.found.percentiles[i]?.[1] ?? null)}`];
}

const boolean = ({ name }) => store.about(name).kind === "boolean";

/** A mean; of a state the share of "on". */
function mean(one, value) {
  return value !== null && boolean(one) ? t("{share} % on", { share: (100 * value).toFixed(2) }) : number(one, value);
}

function number(one, value) {
  const { name } = one;
  if (value === null) return "–";
  if (boolean(one)) return formatValue(value > 0);
  return `${formatNumber(value)} ${store.about(name).unit ?? ""}`.trim();
}

function extreme(one, value, at) {
  return value === null ? "–" : html`${number(one, value)}<br /><span class="quiet">${formatMoment(at, 0)}</span>`;
}

function integral({ name, found }) {
  if (!found.covered) return "–";
  if (boolean({ name })) return html`${long(found.integral * HOUR)}<br /><span class="quiet">${t("on")}</span>`;
  const { unit } = store.about(name);
  return `${formatNumber(found.integral)} ${unit ? `${unit}·h` : "h"}`;
}

function above({ name, found }) {
  if (boolean({ name })) return "–";
  const field = html`<input
    type="number"
    step="any"
    aria-label=${t("Level for {series}", { series: name })}
    .value=${String(store.state.levels[name] ?? "")}
    @change=${(event) => level(name, event.target)}
  />`;
  if (!found.above) return field;
  const { ms, least, most } = found.above;
  const share = found.covered ? ` (${((100 * ms) / found.covered).toFixed(1)} %)` : "";
  const bounds = most - least > 1 ? html`<br /><span class="quiet">${t("{least} to {most}", { least: long(least), most: long(most) })}</span>` : nothing;
  return html`${field}<br />${found.exact ? "" : "≈ "}${long(ms)}${share}${bounds}`;
}

function level(name, { value, valueAsNumber }) {
  const levels = Object.fromEntries(Object.entries(store.state.levels).filter(([one]) => one !== name));
  if (value !== "" && Number.isFinite(valueAsNumber)) levels[name] = valueAsNumber;
  store.set({ levels }, false);
}

function covered({ found }) {
  const gaps = found.gaps ? plural(found.gaps, "{time}, {n} gap", "{time}, {n} gaps", { time: long(found.covered) }) : long(found.covered);
  const share = ((100 * found.covered) / Math.max(1, store.end - store.data.from)).toFixed(1);
  return html`${gaps}<br /><span class="quiet">${t("{share} % of the span", { share })}</span>`;
}

/** 1 d 3 h, 2 h 5 min, 4 min 10 s, 12.3 s. */
function long(ms) {
  const [big, unit, small, rest] =
    ms >= DAY ? [DAY, "d", HOUR, "h"] : ms >= HOUR ? [HOUR, "h", MINUTE, "min"] : [MINUTE, "min", 1_000, "s"];
  if (ms < MINUTE) return `${formatNumber(ms / 1_000)} s`;
  const whole = Math.floor(ms / big);
  return `${formatCount(whole)} ${unit} ${Math.floor((ms - whole * big) / small)} ${rest}`;
}
