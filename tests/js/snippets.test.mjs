import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { brokerUser, examples, provisioning, quoted, shell } from "../../static/js/core/snippets.js";

const about = { url: "http://pi.local:8080", device: "boiler", token: "tt_d_abc-DEF_123", mqtt: null };
const NASTY = ["it's", 'say "hi"', "a b", "$(id)", "`id`", "back\\slash", "ö/ü:1", "a;b", "new\u2028line"];
const of = (id, given = about) => examples(given).find((one) => one.id === id).text;

test("each kind of device has an example with the server's address and the token in it", () => {
  const all = examples(about);
  assert.deepEqual(
    all.map(({ id }) => id),
    ["curl", "python", "micropython", "circuitpython", "arduino", "espidf", "esphome", "tasmota", "homeassistant", "mqtt"],
  );
  for (const { id, text, notes } of all) {
    assert.ok(text.includes(about.token), id);
    assert.ok(id === "mqtt" || text.includes(`${about.url}/api/ingest`), id);
    assert.ok(notes.length > 10, id);
  }
});

test("a broker that is known is filled in", () => {
  const mqtt = { host: "pi.local", port: 1884 };
  assert.match(of("mqtt", { ...about, mqtt }), /-h pi\.local -p 1884/);
  assert.match(of("mqtt"), /-h BROKER -p 1883/);
  assert.match(of("tasmota", { ...about, mqtt }), /MqttHost pi\.local; MqttPort 1884; MqttUser boiler; MqttPassword tt_d_/);
  assert.match(of("tasmota"), /WebQuery http:\/\/pi\.local:8080\/api\/ingest POST/);
});

test("no id becomes a command", () => {
  for (const device of NASTY) {
    const text = of("mqtt", { ...about, device, mqtt: { host: "h", port: 1 } });
    const printed = execFileSync("sh", ["-c", text.replace("mosquitto_pub", 'printf "%s\\n"')], { encoding: "utf8" });
    assert.ok(printed.split("\n").includes(`telltale/${device}/readings`), device);
    assert.ok(printed.split("\n").includes(brokerUser(device)), device);
  }
  assert.doesNotMatch(of("tasmota", { ...about, device: "x; Reset 1", mqtt: { host: "h", port: 1 } }), /Reset/);
});

test("a word of the shell is that word", () => {
  for (const word of [...NASTY, "", "plain"]) {
    assert.equal(execFileSync("sh", ["-c", `printf %s ${shell(word)}`], { encoding: "utf8" }), word);
  }
});

test("a literal is its text in Python too", () => {
  for (const word of NASTY) {
    assert.equal(execFileSync("python3", ["-X", "utf8", "-c", `print(${quoted(word)}, end="")`], { encoding: "utf8" }), word);
  }
});

test("a code that is scanned has everything a device needs", () => {
  const found = JSON.parse(provisioning({ ...about, url: "https://home.example" }));
  assert.deepEqual(found, { url: "wss://home.example/ws/device", device: "boiler", token: about.token });
});

test("users of the broker are written as its files have them", () => {
  assert.equal(brokerUser("50%:a/b"), "50%25%3Aa/b");
});
