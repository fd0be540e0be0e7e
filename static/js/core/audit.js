/** What an entry of the audit log says, and which entries a form asks for. Pure. */
import { t } from "telltale/core/words.js";

const ACTIONS = {
  login: () => t("Logged in"),
  logout: () => t("Logged out"),
  "login failed": () => t("Failed to log in"),
  "user add": () => t("User added"),
  "user remove": () => t("User removed"),
  "user role": () => t("Role changed"),
  "user link": () => t("Link for a password made"),
  "user password": () => t("Password changed"),
  "codes on": () => t("One-time codes switched on"),
  "codes off": () => t("One-time codes switched off"),
  "recovery codes": () => t("Recovery codes renewed"),
  "token add": () => t("Token made"),
  "token revoke": () => t("Token revoked"),
  "device add": () => t("Device added"),
  "device accept": () => t("Device accepted"),
  "device block": () => t("Device blocked"),
  "device unblock": () => t("Device unblocked"),
  "device remove": () => t("Device removed"),
  "device rotate": () => t("Device token replaced"),
  "device rotate end": () => t("Old device token ended"),
  "device revoke": () => t("Device token revoked"),
  "device gateway": () => t("Gateway changed"),
  "device command": () => t("Command sent"),
  "series edit": () => t("Series edited"),
  "series rename": () => t("Series renamed"),
  "series merge": () => t("Series merged"),
  "series thresholds": () => t("Thresholds changed"),
  "correction add": () => t("Correction made"),
  "correction undo": () => t("Correction undone"),
  "note add": () => t("Note written"),
  "note change": () => t("Note changed"),
  "note delete": () => t("Note deleted"),
  "note restore": () => t("Note restored"),
  "board add": () => t("Board made"),
  "board change": () => t("Board changed"),
  "board delete": () => t("Board deleted"),
  "board restore": () => t("Board restored"),
  "image add": () => t("Image added"),
  "layout change": () => t("Shared overview changed"),
  "layout undo": () => t("Shared overview: change undone"),
  "layout reset": () => t("Shared overview reset"),
  "import begin": () => t("Import begun"),
  "import end": () => t("Import ended"),
  backup: () => t("Backup made"),
  restore: () => t("Backup restored"),
  "damage acknowledge": () => t("Damage acknowledged"),
  "audit trim": () => t("Old entries removed"),
};
/** Who is no person, by the kind of actor. */
const OTHERS = {
  terminal: () => t("command line"),
  server: () => t("server"),
  stranger: () => t("somebody"),
};
const KINDS = { token: () => t("token"), screen: () => t("screen") };
/** What is no name that somebody gave. */
const SUBJECTS = {
  "every series": () => t("all series"),
  "the overview of everyone": () => t("everyone’s overview"),
  "audit log": () => t("audit log"),
  storage: () => t("storage"),
};

/** What was done, in words; its code where there are none. */
export const actionOf = (action) => wordsOf(ACTIONS, action) ?? action;

/** Who did it: {name, kind}, the kind in words where it says more than the name. */
export const actorOf = ({ who, kind }) => ({ name: wordsOf(OTHERS, kind) ?? who, kind: wordsOf(KINDS, kind) ?? "" });

/** Of what it was done, as it is shown. */
export const subjectOf = (subject) => wordsOf(SUBJECTS, subject) ?? subject;

const wordsOf = (words, key) => (Object.hasOwn(words, key) ? words[key]() : null);

const LONGEST = 400;
const MOMENT = /(^|\.)(from|to|since|until|expires|deleted|at)$/;
/** Numbers under such names above this are ms since 1970. */
const EARLIEST = 1e11;
const FIELDS = ["who", "action", "subject", "from", "to"];

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** The changes of an entry: [{name, before, after}], texts or null where there is nothing; `moment` shows a time (ms). */
export function changesOf({ before, after }, moment = String) {
  const pairs = isObject(before ?? {}) && isObject(after ?? {}) ? apart("", before ?? {}, after ?? {}) : [["", before, after]];
  return pairs
    .map(([name, old, fresh]) => ({ name, before: textOf(name, old, moment), after: textOf(name, fresh, moment) }))
    .filter((one) => one.before !== null || one.after !== null);
}

function apart(path, before, after) {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => {
    const name = path ? `${path}.${key}` : key;
    const [old, fresh] = [before[key], after[key]];
    const deeper = [old, fresh].some(isObject) && [old, fresh].every((one) => isObject(one ?? {}));
    if (deeper) return apart(name, old ?? {}, fresh ?? {});
    return [[name, old, fresh]];
  });
}

function textOf(name, value, moment) {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" && value > EARLIEST && MOMENT.test(name)) return moment(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** A search text as a pattern: one without a * is looked for anywhere. */
export const patternOf = (text) => (text.includes("*") ? text : `*${text}*`);

/** The query of the API for what a form holds; `from` and `to` are ms or null. */
export function queryOf({ who, action, subject, from, to }) {
  const query = [];
  if (who) query.push(["who", patternOf(who)]);
  if (action) query.push(["action", action]);
  if (subject) query.push(["subject", patternOf(subject)]);
  if (from !== null) query.push(["from", from]);
  if (to !== null) query.push(["to", to]);
  return query;
}

/** What a form holds, as the query of the page's address. */
export const addressOf = (form) => FIELDS.filter((name) => form[name]).map((name) => [name, form[name]]);

/** The form that the page's address asks for. */
export function formOf(search) {
  const given = new URLSearchParams(search);
  return Object.fromEntries(FIELDS.map((name) => [name, given.get(name) ?? ""]));
}
