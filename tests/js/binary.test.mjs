import assert from "node:assert/strict";
import { test } from "node:test";
import { unpacked } from "../../static/js/core/binary.js";

/** As the server packs it. */
function packed(series) {
  const heads = series.map(({ series: name, resolution, columns, text }) => {
    const n = Object.values(columns)[0].length;
    return { series: name, resolution, columns: Object.keys(columns), n, ...(text ? { text } : {}) };
  });
  let text = JSON.stringify({ series: heads });
  while ((4 + new TextEncoder().encode(text).length) % 8) text += " ";
  const head = new TextEncoder().encode(text);
  const numbers = series.flatMap(({ columns }) => Object.values(columns).flat());
  const buffer = new ArrayBuffer(4 + head.length + 8 * numbers.length);
  const view = new DataView(buffer);
  view.setUint32(0, head.length, true);
  new Uint8Array(buffer, 4).set(head);
  numbers.forEach((number, i) => view.setFloat64(4 + head.length + 8 * i, number, true));
  return buffer;
}

test("columns come out under their names, series after series", () => {
  const found = unpacked(
    packed([
      { series: "öl/t", resolution: "raw", columns: { t: [1, 2], v: [0.5, -3] } },
      { series: "d/x", resolution: 60_000, columns: { t: [0], min: [1], max: [3], avg: [2], count: [9] } },
      { series: "d/mode", resolution: "raw", columns: { t: [], v: [] }, text: true },
    ]),
  ).series;
  assert.deepEqual(Object.keys(found), ["öl/t", "d/x", "d/mode"]);
  assert.deepEqual([...found["öl/t"].t, ...found["öl/t"].v, found["öl/t"].resolution], [1, 2, 0.5, -3, "raw"]);
  assert.deepEqual(["min", "max", "avg", "count"].map((name) => found["d/x"][name][0]), [1, 3, 2, 9]);
  assert.deepEqual([found["d/x"].text, found["d/mode"].text, found["d/mode"].t.length], [false, true, 0]);
});

test("no series is no trouble", () => {
  assert.deepEqual(unpacked(packed([])), { series: {} });
});
