/** Times as a form has them: the text of an `<input type="datetime-local" step="1">`, in local time, and back to ms. */

const two = (number) => String(number).padStart(2, "0");

/** The text that the field wants for a time in ms. */
export function toField(t) {
  const date = new Date(t);
  const day = `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** The ms that the field's text means; null where it is empty or no time. */
export function fromField(text) {
  const t = text ? new Date(text).getTime() : NaN;
  return Number.isFinite(t) ? t : null;
}
