import assert from "node:assert/strict";
import { test } from "node:test";
import { actionOf, SHORTCUTS } from "../../static/js/core/keys.js";

/** An element that is inside what the selector's words name. */
const inside = (...names) => ({ closest: (selector) => selector.split(", ").some((one) => names.includes(one)) || null });
const key = (name, more = {}) => actionOf({ key: name, target: inside(), ...more });

test("each listed key does what the list says", () => {
  const names = { Space: " ", "←": "ArrowLeft", "→": "ArrowRight" };
  for (const [shown, action, text] of SHORTCUTS) {
    assert.equal(key(names[shown] ?? shown), action);
    assert.ok(text().length > 3);
  }
});

test("keys with ctrl, alt or cmd belong to the browser", () => {
  for (const one of ["ctrlKey", "altKey", "metaKey", "defaultPrevented"]) assert.equal(key("l", { [one]: true }), null);
  assert.equal(key("x"), null);
  assert.equal(key("toString"), null);
});

test("who types, or is in a dialog, is left alone", () => {
  for (const one of ["input", "textarea", "select", "[contenteditable]", "dialog"]) {
    for (const name of ["l", " ", "/", "ArrowLeft", "?"]) assert.equal(key(name, { target: inside(one) }), null);
  }
});

test("space presses a button and arrows move in a list", () => {
  assert.equal(key(" ", { target: inside("button") }), null);
  assert.equal(key("l", { target: inside("button") }), "live");
  assert.equal(key("ArrowLeft", { target: inside("[role=listbox]") }), null);
});
