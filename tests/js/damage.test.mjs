import assert from "node:assert/strict";
import { test } from "node:test";
import { damageText } from "../../static/js/core/damage.js";

test("nothing is said where nothing is damaged, or nothing known", () => {
  assert.equal(damageText(null), null);
  assert.equal(damageText({ damaged: false, count: 3, salvage: null }), null);
});

test("while readings are being saved it says how far that is", () => {
  assert.match(damageText({ damaged: true, count: 1, salvage: { done: 25, total: 100 } }), /being saved: 25 %/);
  assert.match(damageText({ damaged: true, count: 1, salvage: { done: 0, total: 0 } }), /: 0 %/);
});

test("afterwards it says that something is missing", () => {
  assert.match(damageText({ damaged: true, count: 1, salvage: null }), /missing/);
});
