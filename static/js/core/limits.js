/** Thresholds of a chart: `{value, above}`: a value above it (or else below it) is a breach. Text form: `>30`, `<5.5`. */

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
