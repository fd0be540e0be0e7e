import assert from "node:assert/strict";
import { test } from "node:test";
import { canonical, choices, converter, written } from "../../static/js/core/units.js";

// the same quantity in two units, from tables that are not ours
const SAME = [
  [100, "°C", 212, "°F"],
  [-40, "°F", -40, "°C"],
  [0, "°C", 273.15, "K"],
  [1013.25, "hPa", 29.921, "inHg"],
  [1013.25, "hPa", 760, "mmHg"],
  [36, "km/h", 10, "m/s"],
  [1, "kn", 1.852, "km/h"],
  [60, "mph", 96.56064, "km/h"],
  [1, "m", 3.28084, "ft"],
  [1, "kWh", 3.6, "MJ"],
  [1, "gal", 3.785411784, "L"],
];

test("known equalities hold, both ways", () => {
  for (const [a, unit, b, other] of SAME) {
    assert.ok(Math.abs(converter(unit, other)(a) - b) < 1e-3, `${a} ${unit}`);
    assert.ok(Math.abs(converter(other, unit)(b) - a) < 1e-2, `${b} ${other}`);
  }
});

test("every choice goes there and back", () => {
  for (const unit of ["°C", "hPa", "m/s", "m", "L", "kg", "W", "kWh", "V", "s", "B"]) {
    for (const other of choices(unit).slice(1)) {
      const back = converter(other, unit)(converter(unit, other)(12.5));
      assert.ok(Math.abs(back - 12.5) < 1e-9, `${unit} ${other}`);
    }
  }
});

test("what cannot be converted is left alone", () => {
  assert.equal(converter("°C", "hPa"), null);
  assert.equal(converter("°C", "°C"), null);
  assert.equal(converter("C", "°C"), null);
  assert.equal(converter("ppm", "%"), null);
  assert.equal(converter(null, "°C"), null);
  assert.deepEqual(choices("constructor"), []);
  assert.deepEqual(choices(null), []);
});

test("units are known by other ways to write them", () => {
  assert.equal(canonical("degC"), "°C");
  assert.equal(canonical("toString"), "toString");
  assert.deepEqual(choices("Cel"), ["°C", "°F", "K"]);
});

test("a unit is written for people", () => {
  assert.deepEqual(["Cel", "%RH", "°C", "widgets", "", null, undefined].map(written), ["°C", "%", "°C", "widgets", null, null, null]);
});
