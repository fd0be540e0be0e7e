import assert from "node:assert/strict";
import { test } from "node:test";
import { binsCsv, csv, heatCsv, pairsCsv, sheetCsv, sheetOf } from "../../static/js/core/sheet.js";

test("series are side by side, a row a time; what is missing is empty", () => {
  const sheet = sheetOf([
    { name: "a/t", unit: "°C", kind: "number", rows: { t: [0, 1_000], v: [1.5, 2] } },
    { name: "b/on", unit: null, kind: "boolean", rows: { t: [1_000, 2_000], v: [1, 0] } },
    { name: "c/mode", unit: null, kind: "text", rows: { t: [2_000], v: ["auto, \"eco\""] } },
  ]);
  assert.equal(
    sheetCsv(sheet),
    'time (UTC),a/t [°C],b/on,c/mode\r\n1970-01-01T00:00:00.000Z,1.5,,\r\n1970-01-01T00:00:01.000Z,2,true,\r\n1970-01-01T00:00:02.000Z,,false,"auto, ""eco"""\r\n',
  );
});

test("buckets have their mean, lowest, highest and readings", () => {
  const rows = { t: [0], avg: [2], min: [1], max: [3], count: [9] };
  const sheet = sheetOf([{ name: "a", unit: "W", kind: "number", rows }]);
  assert.deepEqual(sheet.heads, ["a mean [W]", "a lowest [W]", "a highest [W]", "a readings"]);
  assert.deepEqual(sheet.row(0), [0, 2, 1, 3, 9]);
});

test("texts that a spreadsheet would calculate or take for a number are kept as texts; numbers stay numbers", () => {
  assert.equal(csv([["=1+1", "-x", "@a", "'", "12", "true", -5, 1e-7, "plain"]]), "'=1+1,'-x,'@a,'','12,'true,-5,1e-7,plain\r\n");
});

test("pairs, cells and bins have their own tables", () => {
  assert.equal(pairsCsv({ t: [0], x: [1], y: [2] }, "a [°C]", "b"), "time (UTC),a [°C],b\r\n1970-01-01T00:00:00.000Z,1,2\r\n");
  assert.equal(binsCsv([{ head: "a [W]", bins: [{ from: 0, to: 5, count: 3 }] }]).split("\r\n")[1], "a [W],0,5,3");
  const days = [{ start: 0, hours: [{ mean: 1, min: 0, max: 2, count: 4 }, null, { skipped: true }] }];
  const text = heatCsv([{ head: "a", days }], (day, hour) => day.start + hour * 3_600_000, () => "1970-01-01", "UTC");
  assert.deepEqual(text.split("\r\n").slice(0, 3), [
    "series,time (UTC),day (UTC),hour (UTC),mean,lowest,highest,readings",
    "a,1970-01-01T00:00:00.000Z,1970-01-01,0,1,0,2,4",
    "",
  ]);
});
