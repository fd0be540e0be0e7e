/**
 * What charts and strips show, as rows: for the table behind them and for CSV of exactly the same. Lines are
 * `{name, unit, kind, stretch}`; times in ms. Buckets have three columns: mean (the last, of text), lowest and highest.
 */
import { lowerBound } from "telltale/core/columns.js";
import { union } from "telltale/core/lines.js";

/** Spreadsheets take a cell that begins like this for a formula. */
const FORMULA = /^[=+\-@\t\r']/;

/** The columns [{line, part: "value" | "low" | "high", index}] of lines. */
export function columnsOf(lines) {
  return lines.flatMap((line) => {
    const parts = line.stretch.resolution && !line.stretch.columns.text ? ["value", "low", "high"] : ["value"];
    return parts.map((part, index) => ({ line, part, index: index + 1 }));
  });
}

/** Rows [t, cell, …] of what lies in from…to (both included), oldest first; null where a line has nothing at a time. */
export function rowsOf(lines, { from, to }) {
  const columns = columnsOf(lines);
  const all = union(lines.map(({ stretch }) => stretch.columns.t));
  const times = all.subarray(lowerBound(all, from), lowerBound(all, to + 1));
  const data = new Map(lines.map(({ stretch }) => [stretch, stretch.columns.all]));
  return Array.from(times, (t) => [
    t,
    ...columns.map(({ line, index }) => {
      const columnsHere = data.get(line.stretch);
      const at = lowerBound(columnsHere[0], t);
      if (columnsHere[0][at] !== t) return null;
      const value = columnsHere[index][at];
      return line.kind === "boolean" && (value === 0 || value === 1) ? value === 1 : value;
    }),
  ]);
}

/** CSV: ISO 8601 times in UTC, numbers with a point, names and units in the header. */
export function csvOf(lines, span) {
  const columns = columnsOf(lines);
  const head = columns.map(({ line, part }) => {
    const unit = line.unit ? ` (${line.unit})` : "";
    const which = { value: line.stretch.resolution && !line.stretch.columns.text ? " mean" : "", low: " min", high: " max" };
    return text(`${line.name}${which[part]}${unit}`);
  });
  const rows = rowsOf(lines, span).map(([t, ...cells]) => [new Date(t).toISOString(), ...cells.map(cell)].join(","));
  return [["time", ...head].join(","), ...rows, ""].join("\r\n");
}

function cell(value) {
  if (value === null) return "";
  return typeof value === "string" ? text(value) : String(value);
}

function text(value) {
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A name for a file of it: letters, digits, dots and dashes of `name`, and when it begins. */
export function fileName(name, from) {
  const plain = name.replaceAll(/[^\p{L}\p{N}.]+/gu, "-").replaceAll(/^-|-$/g, "") || "telltale";
  return `${plain.slice(0, 80)}-${new Date(from).toISOString().slice(0, 19).replaceAll(":", "")}Z.csv`;
}
