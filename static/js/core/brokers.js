/** What the server says of its MQTT brokers, in words. Times in ms; `problem` is the server's own sentence. */
import { formatCount as count, formatMoment } from "telltale/core/format.js";
import { plural, t } from "telltale/core/words.js";

/** The state of one broker: {state: "connected" | "lost" | "connecting", text}. */
export function stateOf({ state, since, lost, problem }, now) {
  if (state === "connected") return { state, text: t("connected since {moment}", { moment: formatMoment(since, now) }) };
  // the first try after the start has neither failed nor succeeded yet
  if (problem === null) return { state: "connecting", text: t("connecting") };
  return { state: "lost", text: t("lost since {moment}", { moment: formatMoment(lost, now) }) };
}

/** Those that are missing. */
export const lostOnes = (list, now) => (list ?? []).filter((one) => stateOf(one, now).state === "lost");

/** All brokers in one mark: {state, text}, or null where there is none. */
export function overall(list, now) {
  if (!list?.length) return null;
  const states = list.map((one) => stateOf(one, now));
  const worst = ["lost", "connecting"].find((state) => states.some((one) => one.state === state)) ?? "connected";
  const told = list.map((one, i) => t("MQTT broker {broker}: {state}", { broker: one.broker, state: states[i].text }));
  return { state: worst, text: told.join("; ") };
}

/** The note about one that is missing: [what, the server's reason]. */
export function note({ broker, lost, problem }, now) {
  const since = { broker, moment: formatMoment(lost, now) };
  const what = t("The MQTT broker {broker} has been missing since {moment}. Devices behind it are not heard.", since);
  return [what, sentence(problem)];
}

function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

/** The figures of one broker, as [name, text, what it means]. */
export function figures(one) {
  const { messages } = one;
  const session = one.session_present ? t("kept by the broker") : t("new");
  const protocol = one.version === null ? t("not known yet") : `MQTT ${one.version}`;
  return [
    [t("Protocol"), protocol, t("as {name}", { name: one.client_id })],
    [
      t("Session"),
      one.version === null ? t("none yet") : session,
      plural(one.connections, "{n} connection in this run", "{n} connections in this run"),
    ],
    [t("Received"), count(messages.received), t("messages in this run")],
    [t("Taken"), count(messages.taken), t("understood; their readings are stored")],
    [t("Retained"), count(messages.retained), t("kept by the broker: shown as last known")],
    [t("Refused"), count(messages.refused), t("broken, or not allowed")],
    [t("Unknown"), count(messages.unknown), t("topics that no decoder knows")],
    [t("Duplicates"), count(messages.duplicates), t("sent again by the broker, dropped")],
    [t("Held"), count(messages.held), t("times that one had to wait for room")],
    [t("Not acknowledged"), count(one.unacknowledged), t("waiting for the disk")],
    [t("Published"), count(one.published), published(one)],
  ];
}

function published({ unpublished }) {
  if (!unpublished) return t("by this server");
  return plural(
    unpublished,
    "by this server; {n} more was not taken by the broker",
    "by this server; {n} more were not taken by the broker",
  );
}
