/** Export and import: what to ask for, and what came of it. */
import { plural, t } from "telltale/core/words.js";

/** The series patterns of a text field, one a line. */
export function patternsOf(text) {
  return [...new Set(text.split("\n").map((line) => line.trim()))].filter(Boolean);
}

/** Path and query (as pairs) of an export; `what`: readings | notes, `from` and `to` in ms or null. */
export function exportOf({ what = "readings", patterns, from, to, format }) {
  const all = !patterns.length || patterns.includes("*");
  const query = all ? [] : patterns.map((pattern) => ["series", pattern]);
  if (from !== null) query.push(["from", from]);
  if (to !== null) query.push(["to", to]);
  return [`api/${what === "notes" ? "annotations" : "export"}.${format}`, query];
}

/** What came of an import, by the answer's status (0: none came) and text: {ok, text, refused: [[line, why]], more}. */
export function reportOf(status, text) {
  const answer = parse(text);
  if (status !== 200 || answer === null) {
    const none = status ? t("the server answered {status}", { status }) : t("the connection was lost");
    const why = answer?.error?.message ?? none;
    return { ok: false, text: t("Not imported: {why}.", { why }), refused: [], more: 0 };
  }
  const refused = answer.lines.map(({ line, message }) => [line, message]);
  const said = [
    plural(answer.stored, "{n} reading stored", "{n} readings stored"),
    plural(answer.duplicate, "{n} that was there already", "{n} that were there already"),
    plural(answer.refused, "{n} line refused", "{n} lines refused"),
  ];
  return { ok: true, text: `${said.join(", ")}.`, refused, more: answer.refused - refused.length };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
