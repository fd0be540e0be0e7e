/** What the server says of its MQTT brokers, in words. Times in ms; `problem` is the server's own sentence. */
import { formatMoment } from "telltale/core/format.js";

const count = (value) => value.toLocaleString();

/** The state of one broker: {state: "connected" | "lost" | "connecting", text}. */
export function stateOf({ state, since, lost, problem }, now) {
  if (state === "connected") return { state, text: `connected since ${formatMoment(since, now)}` };
  // the first try after the start has neither failed nor succeeded yet
  if (problem === null) return { state: "connecting", text: "connecting" };
  return { state: "lost", text: `lost since ${formatMoment(lost, now)}` };
}

/** Those that are missing. */
export const lostOnes = (list, now) => (list ?? []).filter((one) => stateOf(one, now).state === "lost");

/** All brokers in one mark: {state, text}, or null where there is none. */
export function overall(list, now) {
  if (!list?.length) return null;
  const states = list.map((one) => stateOf(one, now));
  const worst = ["lost", "connecting"].find((state) => states.some((one) => one.state === state)) ?? "connected";
  return { state: worst, text: list.map((one, i) => `MQTT broker ${one.broker}: ${states[i].text}`).join("; ") };
}

/** The note about one that is missing: [what, the server's reason]. */
export function note({ broker, lost, problem }, now) {
  const since = `since ${formatMoment(lost, now)}`;
  return [`The MQTT broker ${broker} has been missing ${since}. Devices behind it are not heard.`, sentence(problem)];
}

function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

/** The figures of one broker, as [name, text, what it means]. */
export function figures(one) {
  const { messages } = one;
  const session = one.session_present ? "kept by the broker" : "new";
  const protocol = one.version === null ? "not known yet" : `MQTT ${one.version}`;
  return [
    ["Protocol", protocol, `as ${one.client_id}`],
    ["Session", one.version === null ? "none yet" : session, `${count(one.connections)} connection${one.connections === 1 ? "" : "s"} in this run`],
    ["Received", count(messages.received), "messages in this run"],
    ["Taken", count(messages.taken), "understood; their readings are stored"],
    ["Retained", count(messages.retained), "kept by the broker: shown as last known"],
    ["Refused", count(messages.refused), "broken, or not allowed"],
    ["Unknown", count(messages.unknown), "topics that no decoder knows"],
    ["Duplicates", count(messages.duplicates), "sent again by the broker, dropped"],
    ["Held", count(messages.held), "times that one had to wait for room"],
    ["Not acknowledged", count(one.unacknowledged), "waiting for the disk"],
    ["Published", count(one.published), published(one)],
  ];
}

function published({ unpublished }) {
  return unpublished ? `by this server; ${count(unpublished)} more were not taken by the broker` : "by this server";
}
