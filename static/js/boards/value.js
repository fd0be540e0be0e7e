/** The newest value of a series, with its unit, and what is said of its age: shared by all kinds of parts. */
import { html, nothing } from "lit";
import { formatValue } from "telltale/core/format.js";
import { breachText } from "telltale/core/limits.js";
import { converter } from "telltale/core/units.js";
import { icons } from "telltale/ui/icons.js";
import { ageText, SIGNS, standingOf } from "telltale/ui/standing.js";

/** A number or a state, in its unit or in `wanted`; its element says by `data-state` how far it can be believed. */
export function valueOf(series, wanted = null) {
  const state = standingOf(series);
  if (!series?.latest) return html`<span class="reading" data-state="none"><span class="number">–</span></span>`;
  const { decimals, latest } = series;
  const convert = wanted && typeof latest.v === "number" ? converter(series.unit, wanted) : null;
  const unit = convert ? wanted : series.unit;
  const value = convert ? convert(latest.v) : latest.v;
  return html`<span class="reading" data-state=${state} data-kind=${series.kind}
    ><span class="number">${formatValue(value, decimals)}</span
    >${unit ? html` <span class="unit">${unit}</span>` : nothing}</span
  >`;
}

/** How old the value is, or why it is not live; with a sign where it is not. */
export function ageOf(series) {
  const state = standingOf(series);
  return html`<span class="since" data-state=${state}>${SIGNS[state]}${ageText(series)}</span>`;
}

/** Thresholds of a part; one that has none has those of its series. */
export function limitsFor(series, { low, high } = {}) {
  if (low === undefined && high === undefined) return series?.limits ?? [];
  return [
    ...(low === undefined ? [] : [{ value: low, above: false }]),
    ...(high === undefined ? [] : [{ value: high, above: true }]),
  ];
}

/** Says that a value is beyond the thresholds of its part or its series, in words and by a sign. */
export function breachOf(series, part) {
  const convert = part?.unit ? converter(series?.unit, part.unit) : null;
  const text = series?.latest ? breachText(limitsFor(series, part), series.latest.v, null, convert ?? undefined) : null;
  return text ? html`<span class="past-limit">${icons.warning}${text}</span>` : nothing;
}
