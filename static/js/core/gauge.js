/** A gauge as an arc of three quarters of a circle, from the lower left over the top to the lower right. */

const SWEEP = 270;
const START = 135;

/** Where a value stands between its limits, 0 to 1. */
export function share(value, min, max) {
  return max > min ? Math.min(Math.max((value - min) / (max - min), 0), 1) : 0;
}

/** A point on a circle of radius `r` around 0, at a share of the arc. */
export function pointAt(part, r) {
  const angle = ((START + SWEEP * part) * Math.PI) / 180;
  return [round(r * Math.cos(angle)), round(r * Math.sin(angle))];
}

/** The path of the arc from one share to another. */
export function arc(from, to, r) {
  const [x0, y0] = pointAt(from, r);
  const [x1, y1] = pointAt(to, r);
  return `M${x0} ${y0}A${r} ${r} 0 ${(to - from) * SWEEP > 180 ? 1 : 0} 1 ${x1} ${y1}`;
}

/** The limits of a gauge: those that it was given, else round ones around what was seen. */
export function limitsOf({ min, max, low, high }, unit, seen) {
  const values = [...seen, ...[low, high].filter((one) => one !== undefined)].filter(Number.isFinite);
  const percent = unit === "%" && values.every((one) => one >= 0 && one <= 100);
  const least = percent ? 0 : Math.min(0, ...values);
  const most = percent ? 100 : Math.max(...values, least);
  const step = nice((Math.max(most - least, 1e-9) || 1) / 4);
  const from = min ?? Math.floor(least / step) * step;
  const to = max ?? Math.ceil(most / step) * step;
  return { min: tidy(from), max: tidy(to > from ? to : from + (step || 1)) };
}

function nice(size) {
  const power = 10 ** Math.floor(Math.log10(size));
  return [1, 2, 2.5, 5, 10].find((one) => one * power >= size * 0.999) * power;
}

const round = (value) => Math.round(value * 100) / 100;
const tidy = (value) => Number(value.toPrecision(12));
