import assert from "node:assert/strict";
import { test } from "node:test";
import { figures, lostOnes, note, overall, stateOf } from "../../static/js/core/brokers.js";

const NOW = new Date(2026, 0, 15, 14, 3, 27).getTime();

const broker = (more = {}) => ({
  broker: "pi:1883",
  state: "connected",
  since: NOW - 60_000,
  lost: null,
  problem: null,
  version: "5",
  client_id: "telltale-1",
  session_present: true,
  connections: 2,
  unacknowledged: 3,
  published: 4,
  unpublished: 0,
  messages: { received: 10_000, taken: 7, retained: 1, refused: 2, unknown: 0, own: 0, empty: 0, duplicates: 0, held: 0 },
  ...more,
});
const missing = (more = {}) =>
  broker({ state: "waiting", lost: NOW - 120_000, problem: "connection refused", ...more });

test("a broker is connected, lost, or not tried yet", () => {
  assert.deepEqual(stateOf(broker(), NOW), { state: "connected", text: "connected since 14:02:27" });
  assert.deepEqual(stateOf(missing(), NOW), { state: "lost", text: "lost since 14:01:27" });
  assert.equal(stateOf(missing({ problem: null, state: "connecting" }), NOW).state, "connecting");
});

test("a new try does not hide that the broker is lost, nor since when", () => {
  const trying = missing({ state: "connecting", since: NOW });
  assert.deepEqual(stateOf(trying, NOW), stateOf(missing(), NOW));
  assert.deepEqual(lostOnes([broker(), trying], NOW), [trying]);
});

test("nothing is said before the server was asked, nor without a broker", () => {
  assert.equal(overall(null, NOW), null);
  assert.equal(overall([], NOW), null);
  assert.deepEqual(lostOnes(null, NOW), []);
});

test("the mark shows the worst of all brokers and names each", () => {
  assert.equal(overall([broker()], NOW).state, "connected");
  const both = overall([broker(), missing({ broker: "hut:1883" })], NOW);
  assert.equal(both.state, "lost");
  assert.match(both.text, /pi:1883: connected since .*; MQTT broker hut:1883: lost since/);
});

test("the note says what it means, and the server's reason as a sentence", () => {
  assert.deepEqual(note(missing(), NOW), [
    "The MQTT broker pi:1883 has been missing since 14:01:27. Devices behind it are not heard.",
    "Connection refused.",
  ]);
  assert.equal(note(missing({ problem: "is this an MQTT port?" }), NOW)[1], "Is this an MQTT port?");
});

test("the figures name protocol, session and every count", () => {
  const found = new Map(figures(broker({ unpublished: 5 })).map(([name, ...rest]) => [name, rest]));
  assert.deepEqual(found.get("Protocol"), ["MQTT 5", "as telltale-1"]);
  assert.deepEqual(found.get("Session"), ["kept by the broker", "2 connections in this run"]);
  assert.equal(found.get("Received")[0], (10_000).toLocaleString());
  assert.equal(found.get("Not acknowledged")[0], "3");
  assert.match(found.get("Published")[1], /5 more were not taken/);
  const never = new Map(figures(missing({ version: null })).map(([name, ...rest]) => [name, rest]));
  assert.equal(never.get("Session")[0], "none yet");
  assert.equal(never.get("Protocol")[0], "not known yet");
});
