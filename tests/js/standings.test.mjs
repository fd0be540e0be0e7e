import assert from "node:assert/strict";
import { test } from "node:test";
import { found, gatewayText, patternsOf, rotationText, since, tokenState } from "../../static/js/core/standings.js";

const NOW = 1_700_000_000_000;

test("a device was heard a while ago, or never; a clock that is ahead is no future", () => {
  assert.equal(since(NOW - 42_000, NOW), "heard 42 s ago");
  assert.equal(since(NOW + 5_000, NOW), "heard now");
  assert.equal(since(null, NOW), "never heard");
});

test("a token is there, is changing, or is missing", () => {
  assert.equal(tokenState({ token: false }).state, "none");
  assert.equal(tokenState({ token: true }).state, "good");
  assert.equal(tokenState({ token: true, rotating: { until: NOW } }).state, "pending");
});

test("what a change of tokens waits for is said", () => {
  const until = NOW + 3_600_000;
  const said = (used, old) => rotationText({ until, new_used: used, old_used: old }, NOW);
  assert.match(said(false, true), /^The new token was not used yet/);
  assert.match(said(true, true), /^Both tokens were used/);
  assert.match(said(true, false), /^The new token is in use/);
  for (const used of [true, false]) assert.match(said(used, false), /1 h/);
});

test("for whom a gateway speaks", () => {
  assert.equal(gatewayText(null), "");
  assert.equal(gatewayText(["*"]), "gateway for all devices");
  assert.equal(gatewayText(["a-*", "b"]), "gateway for a-*, b");
});

test("patterns are lines; empty ones do not count", () => {
  assert.deepEqual(patternsOf(" room-* \n\n hall 1\n"), ["room-*", "hall 1"]);
});

test("a device is found by every word of its id, name, address or patterns", () => {
  const one = { device: "boiler", name: "Boiler room", address: "10.0.0.7", gateway: ["room-*"] };
  for (const text of ["", "BOIL", "room 10.0", "room-*"]) assert.ok(found(one, text), text);
  assert.ok(!found(one, "boiler tank"));
  assert.ok(found({ device: "x", name: null, address: "", gateway: null }, "x"));
});
