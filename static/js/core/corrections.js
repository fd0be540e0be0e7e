/** Corrections: what a form asks for, and what the list says, in words. */
import { formatNumber } from "telltale/core/format.js";
import { plural, t } from "telltale/core/words.js";

/** The body of `POST /api/corrections`; {error} where the form is not complete. Times in ms. */
export function correctionOf({ series, from, to, action, above, below, why }) {
  if (!series.trim()) return { error: t("Say which series.") };
  if (from === null || to === null) return { error: t("Give both the beginning and the end.") };
  if (to <= from) return { error: t("The end must be after the beginning.") };
  const limits = {};
  for (const [name, text] of Object.entries({ above, below })) {
    const value = text.trim() === "" ? null : Number(text);
    if (value !== null && !Number.isFinite(value)) return { error: t("“{text}” is no number.", { text }) };
    limits[name] = value;
  }
  if (!why.trim()) return { error: t("Say why: who looks later will want to know.") };
  return { body: { series: series.trim(), from, to, action, ...limits, why: why.trim() } };
}

/** Which readings of the span it is about. */
export function which({ above, below }) {
  if (above === null && below === null) return t("all readings");
  if (above === null) return t("values below {limit}", { limit: formatNumber(below) });
  if (below === null) return t("values above {limit}", { limit: formatNumber(above) });
  return t("values above {above} or below {below}", { above: formatNumber(above), below: formatNumber(below) });
}

/** How far it is. */
export function stateOf({ state, readings }) {
  const count = plural(readings, "{n} reading", "{n} readings");
  if (state === "running") return t("at work, {count} so far", { count });
  if (state === "undone") return t("undone, {count} back", { count });
  return state === "done" ? count : state;
}
