/** The newest value of a series, with its unit, and what is said of its age: shared by all kinds of parts. */
import { html, nothing } from "lit";
import { ageText, standingOf } from "telltale/boards/model.js";
import { beyond } from "telltale/core/gauge.js";
import { formatValue } from "telltale/core/format.js";
import { t } from "telltale/core/words.js";
import { icons } from "telltale/ui/icons.js";

const SIGNS = { lost: icons.unplugged, offline: icons.unplugged, stale: icons.warning, none: nothing, live: nothing };

/** A number or a state, with its unit; its element says by `data-state` how far it can be believed. */
export function valueOf(series) {
  const state = standingOf(series);
  if (!series?.latest) return html`<span class="reading" data-state="none"><span class="number">–</span></span>`;
  const { unit, decimals, latest } = series;
  return html`<span class="reading" data-state=${state} data-kind=${series.kind}
    ><span class="number">${formatValue(latest.v, decimals)}</span
    >${unit ? html` <span class="unit">${unit}</span>` : nothing}</span
  >`;
}

/** How old the value is, or why it is not live; with a sign where it is not. */
export function ageOf(series) {
  const state = standingOf(series);
  return html`<span class="since" data-state=${state}>${SIGNS[state]}${ageText(series)}</span>`;
}

/** Says that a value is beyond the limits of its part, in words and by a sign. */
export function breachOf(series, part) {
  const which = series?.latest ? beyond(series.latest.v, part) : null;
  if (!which) return nothing;
  const limit = formatValue(part[which]);
  const text = which === "high" ? t("above {limit}", { limit }) : t("below {limit}", { limit });
  return html`<span class="past-limit">${icons.warning}${text}</span>`;
}
