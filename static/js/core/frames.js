/** What the page of raw messages shows: the list as it grows, and words for what became of a message. */
import { plural, t } from "telltale/core/words.js";

/** Messages that stay on the page. */
export const KEPT = 100;

const STATES = {
  stored: t("stored"),
  pending: t("waits for the disk"),
  refused: t("refused"),
  ignored: t("nothing to store"),
  last_known: t("last known only"),
};

const WORDS = {
  bad_message: t("The message could not be read."),
  bad_value: t("A name or a value in it cannot be taken."),
  bad_time: t("Its time is too far from the server's: is the device's clock set?"),
  too_large: t("It is too large: send it in parts."),
  unknown_device: t("The server does not know this device yet: accept it on the dashboard."),
  forbidden: t("Who sent this may not speak for that device."),
  rate_limited: t("It came too fast: send slower, or with the time of each reading."),
  try_later: t("The server could not take it just then. Sending it again helps."),
};

const TOLD = {
  ws: t("The device was told so on its socket."),
  http: t("The device was told so in the answer."),
  mqtt: t("MQTT has no way back: the device does not know. Only this page says so."),
  poll: t("The server asked for it, so there is no one to tell."),
};

/** The list with what has come; the newest first, each number once, a later state of a message instead of the former. */
export function merged(frames, more) {
  const all = new Map([...frames, ...more].map((one) => [one.number, one]));
  return [...all.values()].sort((a, b) => b.number - a.number).slice(0, KEPT);
}

/** From where to ask again: before the oldest message whose fate is open, else after the newest. */
export function position(frames, number) {
  const open = frames.filter((one) => one.state === "pending");
  return open.length ? open.at(-1).number - 1 : number;
}

/** What became of a message, in a few words. */
export function stateWord({ state, errors, readings }) {
  if (state === "stored" && errors?.length) return t("stored in part");
  return readings && state === "stored" ? plural(readings, "{n} stored", "{n} stored") : (STATES[state] ?? state);
}

/** Who made that of it. */
export const decoderWord = ({ decoder }) =>
  decoder && decoder !== "none" ? t("read as {decoder}", { decoder }) : t("read by no decoder");

/** The worst of it: good, bad, part or quiet. */
export function tone({ state, errors }) {
  if (state === "refused") return "bad";
  if (state === "stored") return errors?.length ? "part" : "good";
  return "quiet";
}

/** A reason in plain words; the exact one stands beside it. */
export const plain = (error) => WORDS[error.code] ?? t("It was refused.");

/** Whether the sender knows that it was refused. */
export const told = (frame) => TOLD[frame.channel] ?? "";

/** Bytes as rows of eight, which a phone has room for: offset, hex, and what of it is readable. */
export function hexRows(hex) {
  const rows = [];
  for (let at = 0; at < hex.length; at += 16) {
    const bytes = hex.slice(at, at + 16).match(/../g);
    const text = bytes.map((one) => {
      const code = Number.parseInt(one, 16);
      return code >= 32 && code < 127 ? String.fromCharCode(code) : ".";
    });
    rows.push(`${(at / 2).toString(16).padStart(4, "0")}  ${bytes.join(" ").padEnd(23)}  ${text.join("")}`);
  }
  return rows.join("\n");
}

/** A word for a shell. */
export const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** How a device sends its first message: name and text of each example. */
export function examples(device, origin, broker) {
  const host = broker ? `-h ${broker.host} -p ${broker.port} ` : "-h BROKER ";
  return [
    [
      "curl",
      `python server.py device add ${quoted(device)}   # prints a TOKEN, once

curl ${origin}/api/ingest \\
  -H "Authorization: Bearer TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"temperature": 21.5}'
`,
    ],
    ["mosquitto_pub", `mosquitto_pub ${host}-q 1 -t ${quoted(`telltale/${device}/readings`)} -m '{"temperature": 21.5}'\n`],
  ];
}
