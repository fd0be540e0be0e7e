/** What an entry of the audit log says, and what a form asks for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { actionOf, actorOf, addressOf, changesOf, formOf, patternOf, queryOf, subjectOf } from "../../static/js/core/audit.js";

test("changes are by field, with the old and the new value", () => {
  const before = { unit: null, label: "Flow", deep: { a: 1, b: [1] } };
  const after = { unit: "K", deep: { a: 2, b: [1, 2] }, text: "new" };
  assert.deepEqual(changesOf({ before, after }), [
    { name: "unit", before: null, after: "K" },
    { name: "label", before: "Flow", after: null },
    { name: "deep.a", before: "1", after: "2" },
    { name: "deep.b", before: "[1]", after: "[1,2]" },
    { name: "text", before: null, after: "new" },
  ]);
});

test("what appears or goes shows only one side; what is no object stands alone", () => {
  assert.deepEqual(changesOf({ before: null, after: { role: "viewer", place: { x: 1 } } }), [
    { name: "role", before: null, after: "viewer" },
    { name: "place.x", before: null, after: "1" },
  ]);
  assert.deepEqual(changesOf({ before: { n: 0, off: false }, after: null }), [
    { name: "n", before: "0", after: null },
    { name: "off", before: "false", after: null },
  ]);
  assert.deepEqual(changesOf({ before: "a", after: [1] }), [{ name: "", before: "a", after: "[1]" }]);
  assert.deepEqual(changesOf({ before: null, after: null }), []);
});

test("a time is shown as one, and only a time", () => {
  const after = { from: 1_700_000_000_000, to: null, count: 1_700_000_000_000, link: { until: 1_700_000_000_001 } };
  assert.deepEqual(changesOf({ before: null, after }, (time) => `at ${time}`), [
    { name: "from", before: null, after: "at 1700000000000" },
    { name: "count", before: null, after: "1700000000000" },
    { name: "link.until", before: null, after: "at 1700000000001" },
  ]);
});

test("a long value is cut, visibly", () => {
  const [{ after }] = changesOf({ before: null, after: { text: "x".repeat(9_999) } });
  assert.equal(after.length, 401);
  assert.ok(after.endsWith("…"));
});

test("a search is for a part of the text, unless it has a star of its own", () => {
  assert.equal(patternOf("boiler"), "*boiler*");
  assert.equal(patternOf("boiler/*"), "boiler/*");
});

test("a form is a query, and an address and back", () => {
  const form = { who: "anna", action: "user add", subject: "", from: "2026-01-02T03:04", to: "" };
  assert.deepEqual(queryOf({ ...form, from: 5, to: null }), [
    ["who", "*anna*"],
    ["action", "user add"],
    ["from", 5],
  ]);
  assert.deepEqual(formOf(`?${new URLSearchParams(addressOf(form))}`), form);
  assert.deepEqual(queryOf({ who: "", action: "", subject: "x", from: null, to: 9 }), [
    ["subject", "*x*"],
    ["to", 9],
  ]);
});

test("actions, actors and subjects are told in words, and what has none as it is", () => {
  assert.equal(actionOf("device rotate end"), "Old device token ended");
  assert.equal(actionOf("something new"), "something new");
  assert.equal(actionOf("toString"), "toString");
  assert.deepEqual(actorOf({ who: "ana", kind: "user" }), { name: "ana", kind: "" });
  assert.deepEqual(actorOf({ who: "grafana", kind: "token" }), { name: "grafana", kind: "token" });
  assert.deepEqual(actorOf({ who: "command line", kind: "terminal" }), { name: "command line", kind: "" });
  assert.equal(subjectOf("every series"), "all series");
  assert.equal(subjectOf("boiler/flow"), "boiler/flow");
});
