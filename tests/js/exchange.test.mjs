import assert from "node:assert/strict";
import { test } from "node:test";
import { exportOf, patternsOf, reportOf } from "../../static/js/core/exchange.js";

test("patterns are the lines of the field, each once", () => {
  assert.deepEqual(patternsOf(" boiler/* \n\nküche/öl 1\nboiler/*\n"), ["boiler/*", "küche/öl 1"]);
  assert.deepEqual(patternsOf(" \n "), []);
});

test("an export asks for what was chosen and leaves out what was not", () => {
  const all = { patterns: [], from: null, to: null, format: "csv" };
  assert.deepEqual(exportOf(all), ["api/export.csv", []]);
  assert.deepEqual(exportOf({ ...all, patterns: ["*", "a/*"], format: "ndjson" }), ["api/export.ndjson", []]);
  assert.deepEqual(exportOf({ ...all, what: "notes" }), ["api/annotations.csv", []]);
  const some = exportOf({ ...all, patterns: ["a/*", "b/t"], from: 0, to: 5 });
  assert.deepEqual(some[1], [
    ["series", "a/*"],
    ["series", "b/t"],
    ["from", 0],
    ["to", 5],
  ]);
});

test("an import is reported with its bad lines, and how many more there were", () => {
  const lines = [{ line: 3, message: "not a finite number" }];
  const answer = { accepted: 1203, stored: 1200, duplicate: 3, refused: 5, lines };
  assert.deepEqual(reportOf(200, JSON.stringify(answer)), {
    ok: true,
    text: "1,200 readings stored, 3 that were there already, 5 lines refused.",
    refused: [[3, "not a finite number"]],
    more: 4,
  });
  const one = { accepted: 1, stored: 1, duplicate: 0, refused: 1, lines };
  assert.match(reportOf(200, JSON.stringify(one)).text, /^1 reading stored, 0 that .*, 1 line refused\.$/);
});

test("an import that was refused says why, also without an answer", () => {
  const refused = (status, text) => {
    const { ok, text: said, refused: lines, more } = reportOf(status, text);
    assert.deepEqual([ok, lines, more], [false, [], 0]);
    return said;
  };
  const error = JSON.stringify({ error: { code: "bad_message", message: "the columns are not known" } });
  assert.equal(refused(400, error), "Not imported: the columns are not known.");
  assert.equal(refused(502, "<html>"), "Not imported: the server answered 502.");
  assert.equal(refused(0, ""), "Not imported: the connection was lost.");
});
