import assert from "node:assert/strict";
import { test } from "node:test";
import { grouped, patternsOf, stateOf, wanted } from "../../static/js/core/credentials.js";

const form = { name: " report ", role: "viewer", reach: "all", patterns: "", expires: "" };

test("a form asks for a token with what it says", () => {
  assert.deepEqual(wanted(form), { name: "report", role: "viewer" });
  assert.deepEqual(wanted({ ...form, expires: "90d" }), { name: "report", role: "viewer", expires: "90d" });
  const some = { ...form, reach: "some", patterns: "boiler/*\n */level ,\n\nboiler/*", role: "operator" };
  assert.deepEqual(wanted(some), { name: "report", role: "operator", series: ["boiler/*", "*/level"], write: false });
  assert.equal(wanted({ ...some, write: "on" }).write, true);
});

test("a limit that was emptied stays a limit: the server refuses it", () => {
  assert.deepEqual(wanted({ ...form, reach: "some", patterns: " " }).series, []);
});

test("patterns stand one a line or with commas", () => {
  assert.deepEqual(patternsOf("a b/c d\r\nx/*,y/t"), ["a b/c d", "x/*", "y/t"]);
});

test("programs and screens are told apart", () => {
  const [one, two] = [{ name: "a", board: null }, { name: "b", board: 7 }];
  assert.deepEqual(grouped([one, two]), { programs: [one], screens: [two] });
});

test("what is most worth knowing of a token", () => {
  assert.equal(stateOf({ expired: true, open: 1, used: 5 }), "expired");
  assert.equal(stateOf({ expired: false, open: 1, used: 5 }), "in-use");
  assert.equal(stateOf({ expired: false, open: 0, used: null }), "unused");
  assert.equal(stateOf({ expired: false, open: 0, used: 5 }), "used");
});
