/** Thresholds of a series: `{value, above}`: a value above it (or else below it) is a breach. Text form: `>30`, `<5.5`. */
import { formatValue } from "telltale/core/format.js";
import { t } from "telltale/core/words.js";

/** From what the API says of a series, and back. */
export const limitsFrom = (thresholds) =>
  (thresholds ?? []).map((one) => ("above" in one ? { value: one.above, above: true } : { value: one.below, above: false }));
export const thresholdsOf = (limits) => limits.map(({ value, above }) => (above ? { above: value } : { below: value }));

/** The thresholds that a text names, such as `>30,<5`; what is none is left out. */
export function parseLimits(text) {
  const found = [];
  for (const part of (text ?? "").split(/[,;]\s*|\s+(?=[<>])/)) {
    const one = /^\s*([<>])\s*(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*$/i.exec(part);
    if (one) found.push({ value: Number(one[2]), above: one[1] === ">" });
  }
  return found;
}

export const formatLimits = (limits) => limits.map(({ value, above }) => `${above ? ">" : "<"}${value}`).join(",");

/** The thresholds that a value breaks. */
export const broken = (limits, value) =>
  typeof value === "number" ? limits.filter((one) => (one.above ? value > one.value : value < one.value)) : [];

/** What is said of a value that breaks thresholds, or null; `unit` is that of the page, into which `convert` brings them. */
export function breachText(limits, value, unit = null, convert = (number) => number) {
  const found = broken(limits, value);
  if (!found.length) return null;
  const words = found.map((one) => {
    const limit = `${formatValue(convert(one.value))}${unit ? ` ${unit}` : ""}`;
    return one.above ? t("above {limit}", { limit }) : t("below {limit}", { limit });
  });
  return words.join(", ");
}
