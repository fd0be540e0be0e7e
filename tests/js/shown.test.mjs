import assert from "node:assert/strict";
import { test } from "node:test";
import { Columns } from "../../static/js/core/columns.js";
import { csvOf, fileName, rowsOf } from "../../static/js/core/shown.js";

function line(name, rows, { text = false, resolution = 0, kind = text ? "text" : "number", unit = null } = {}) {
  const columns = new Columns(text);
  for (const row of rows) columns.put(...row);
  return { name, unit, kind, stretch: { columns, resolution } };
}

test("rows are what lies in the span, a cell for each line", () => {
  const lines = [line("d/t", [[1, 10], [3, 30], [9, 90]]), line("d/on", [[3, 1], [4, 0]], { kind: "boolean" })];
  assert.deepEqual(rowsOf(lines, { from: 2, to: 5 }), [
    [3, 30, true],
    [4, null, false],
  ]);
});

test("the file has UTC times, units in the header, points in numbers and all of a bucket", () => {
  const lines = [line("d/t", [[0, 1.5, -1, 4]], { resolution: 60_000, unit: "°C" }), line("d/m", [[0, "auto"]], { text: true })];
  assert.equal(
    csvOf(lines, { from: 0, to: 9 }),
    "time,d/t mean (°C),d/t min (°C),d/t max (°C),d/m\r\n1970-01-01T00:00:00.000Z,1.5,-1,4,auto\r\n",
  );
});

test("a text is no formula and no second cell", () => {
  const rows = [[0, "=1+1"], [1, 'a "b", c'], [2, "two\nlines"]];
  const found = csvOf([line("-d/m,", rows, { text: true })], { from: 0, to: 9 });
  assert.ok(found.startsWith(`time,"'-d/m,"\r\n`));
  assert.deepEqual(found.match(/Z,.*/g), ["Z,'=1+1", 'Z,"a ""b"", c"', 'Z,"two']);
});

test("a file's name has nothing that a file system minds", () => {
  assert.equal(fileName("tank 3/öl: level", 0), "tank-3-öl-level-1970-01-01T000000Z.csv");
  assert.equal(fileName("///", 0), "telltale-1970-01-01T000000Z.csv");
});
