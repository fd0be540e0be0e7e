/** What an entry of the audit log says, and which entries a form asks for. Pure. */

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
