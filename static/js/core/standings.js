/** What the page of devices says of each: when it was heard, and how it stands with its token. */
import { formatAge, formatSpan } from "telltale/core/format.js";
import { t } from "telltale/core/words.js";

/** When a device was last heard, by the server's time (both ms); null: never. */
export function since(last, now) {
  if (last === null || last === undefined) return t("never heard");
  return t("heard {age}", { age: formatAge(Math.max(0, now - last)) });
}

/** How a device stands with its token: {text, state} for a chip. */
export function tokenState({ token, rotating }) {
  if (!token) return { text: t("no token"), state: "none" };
  if (rotating) return { text: t("token is changing"), state: "pending" };
  return { text: t("token"), state: "good" };
}

/** What the change of a device's token waits for, in words. */
export function rotationText({ until, new_used: used, old_used: old }, now) {
  const left = formatSpan(Math.max(0, until - now));
  if (used && !old) return t("The new token is in use. The old one ends in {left}.", { left });
  if (used) return t("Both tokens were used. The old one ends in {left}.", { left });
  return t("The new token was not used yet. The old one works for {left} more.", { left });
}

/** For whom a device speaks besides itself, in words; nothing for who speaks for itself. */
export function gatewayText(gateway) {
  if (!gateway) return "";
  if (gateway.length === 1 && gateway[0] === "*") return t("gateway for all devices");
  return t("gateway for {patterns}", { patterns: gateway.join(", ") });
}

/** Patterns as someone writes them, one a line; empty lines do not count. */
export const patternsOf = (text) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

/** Whether a device is found by what someone looks for: its id, name, address or patterns. */
export function found(one, wanted) {
  const text = [one.device, one.name, one.address, ...(one.gateway ?? [])].filter(Boolean).join(" ").toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
