/** Series side by side, a row a time, and any table as CSV (RFC 4180). Pure. */

const iso = (t) => new Date(t).toISOString();

/**
 * The rows of `list` (`[{name, unit, kind, rows}]`, `rows` of the history API with `t`) joined by time:
 * `{heads, length, row(i)}`, `row(i)` being [ms, …cells], undefined where a series has none. A bucket has four cells.
 */
export function sheetOf(list) {
  const times = Float64Array.from(new Set(list.flatMap(({ rows }) => Array.from(rows.t)))).sort();
  const columns = list.flatMap(columnsOf);
  const at = new Map(list.map(({ rows }) => [rows, places(rows.t, times)]));
  const cell = ({ rows, values, shown }, i) => {
    const place = at.get(rows)[i];
    return place < 0 ? undefined : shown(values[place]);
  };
  return { heads: columns.map(({ head }) => head), length: times.length, row: (i) => [times[i], ...columns.map((one) => cell(one, i))] };
}

function columnsOf({ name, unit, kind, rows }) {
  const head = (what, of = unit) => [name, what, of ? `[${of}]` : ""].filter(Boolean).join(" ");
  const same = (value) => value;
  if (rows.v) return [{ head: head(""), rows, values: rows.v, shown: kind === "boolean" ? Boolean : same }];
  const names = { avg: "mean", min: "lowest", max: "highest" };
  const values = Object.entries(names).map(([key, what]) => ({ head: head(what), rows, values: rows[key], shown: same }));
  return [...values, { head: head("readings", null), rows, values: rows.count, shown: same }];
}

function places(own, times) {
  const found = new Int32Array(times.length).fill(-1);
  for (let i = 0, k = 0; i < times.length && k < own.length; i += 1) {
    if (own[k] === times[i]) {
      found[i] = k;
      k += 1;
    }
  }
  return found;
}

/** The sheet as CSV: ISO 8601 time in UTC, then a column for each head. */
export function sheetCsv(sheet) {
  const rows = Array.from({ length: sheet.length }, (_, i) => {
    const [t, ...cells] = sheet.row(i);
    return [iso(t), ...cells];
  });
  return csv([["time (UTC)", ...sheet.heads], ...rows]);
}

/** The pairs of a correlation as CSV. */
export function pairsCsv(pairs, x, y) {
  return csv([["time (UTC)", x, y], ...pairs.t.map((t, i) => [iso(t), pairs.x[i], pairs.y[i]])]);
}

/** The cells of heat maps (`[{head, days}]`) as CSV; `hourStart(day, hour)` is the time (ms) at which a cell begins. */
export function heatCsv(maps, hourStart, date, zone) {
  const rows = maps.flatMap(({ head, days }) =>
    days.flatMap((day) =>
      day.hours.flatMap((cell, hour) =>
        cell && !cell.skipped
          ? [[head, iso(hourStart(day, hour)), date(day), hour, cell.mean, cell.min, cell.max, cell.count]]
          : [],
      ),
    ),
  );
  return csv([["series", "time (UTC)", `day (${zone})`, `hour (${zone})`, "mean", "lowest", "highest", "readings"], ...rows]);
}

/** The bins of histograms (`[{head, bins}]`) as CSV. */
export function binsCsv(all) {
  const rows = all.flatMap(({ head, bins }) => bins.map(({ from, to, count }) => [head, from, to, count]));
  return csv([["series", "from (included)", "to (excluded)", "readings"], ...rows]);
}

/** Lists of cells as CSV. A text that a spreadsheet would calculate, or take for a number, gets a leading `'`. */
export function csv(rows) {
  return rows.map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

const RISKY = /^[=+\-@\t\r']|^(?:true|false)$|^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

function field(value) {
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") return String(value);
  const text = RISKY.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
