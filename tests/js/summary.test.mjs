import assert from "node:assert/strict";
import { test } from "node:test";
import { Series } from "../../static/js/core/series.js";
import { summary } from "../../static/js/core/summary.js";

test("a chart in words: what, how long, how many, from lowest to highest, last", () => {
  const series = new Series("boiler/t", "boiler", "t");
  series.unit = "°C";
  for (const [t, v] of [[1, 20], [2, 25.5], [3, 21]]) series.push(t, v);
  const found = summary([{ series, stretch: series.main }], { from: 0, to: 60_000 });
  assert.equal(found, "t of boiler, 1 min: 3 points, from 20.0 °C to 25.5 °C, last 21.0 °C");
  assert.match(summary([{ series, stretch: series.main }], { from: 10, to: 20 }), /no readings/);
});
