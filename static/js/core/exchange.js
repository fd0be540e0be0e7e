/** Export and import: what to ask for, and what came of it. */

/** The series patterns of a text field, one a line. */
export function patternsOf(text) {
  return [...new Set(text.split("\n").map((line) => line.trim()))].filter(Boolean);
}

/** Path and query (as pairs) of an export; `from` and `to` in ms or null. */
export function exportOf({ patterns, from, to, format }) {
  const all = !patterns.length || patterns.includes("*");
  const query = all ? [] : patterns.map((pattern) => ["series", pattern]);
  if (from !== null) query.push(["from", from]);
  if (to !== null) query.push(["to", to]);
  return [`api/export.${format}`, query];
}

/** What came of an import, by the answer's status (0: none came) and text: {ok, text, refused: [[line, why]], more}. */
export function reportOf(status, text) {
  const answer = parse(text);
  if (status !== 200 || answer === null) {
    const why = answer?.error?.message ?? (status ? `the server answered ${status}` : "the connection was lost");
    return { ok: false, text: `Not imported: ${why}.`, refused: [], more: 0 };
  }
  const refused = answer.lines.map(({ line, message }) => [line, message]);
  const said = [
    `${count(answer.stored, "reading")} stored`,
    `${answer.duplicate.toLocaleString()} that were there already`,
    `${count(answer.refused, "line")} refused`,
  ];
  return { ok: true, text: `${said.join(", ")}.`, refused, more: answer.refused - refused.length };
}

const count = (n, name) => `${n.toLocaleString()} ${name}${n === 1 ? "" : "s"}`;

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
