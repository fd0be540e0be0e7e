/** Times as a form has them: the text of an `<input type="datetime-local" step="1">`, in the chosen zone, and back to ms. */
import { fromWall, wall } from "telltale/core/zone.js";

const two = (number) => String(number).padStart(2, "0");

/** The text that the field wants for a time in ms. */
export function toField(t) {
  const date = wall(t);
  const day = `${String(date.getUTCFullYear()).padStart(4, "0")}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  return `${day}T${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** The ms that the field's text means; null where it is empty or no time. */
export function fromField(text) {
  const at = text ? Date.parse(`${text}Z`) : NaN;
  return Number.isFinite(at) ? fromWall(at) : null;
}
