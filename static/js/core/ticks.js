/** Round numbers along an axis. Pure. */
import { round } from "telltale/core/histogram.js";

/** Multiples of 1, 2 or 5 times a power of ten between `min` and `max`, about `count` of them. */
export function ticks(min, max, count) {
  if (!(max > min)) return [min];
  const step = round((max - min) / Math.max(1, count));
  const found = [];
  for (let n = Math.ceil(min / step); n * step <= max + step * 1e-9; n += 1) found.push(Number((n * step).toPrecision(12)));
  return found;
}

/** `min` and `max` with room around them, also where they are the same. */
export function padded(min, max, share = 0.06) {
  const room = (max - min) * share || Math.abs(min) * 0.05 || 1;
  return [min - room, max + room];
}
