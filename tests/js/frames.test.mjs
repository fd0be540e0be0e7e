import assert from "node:assert/strict";
import { test } from "node:test";
import { KEPT, decoderWord, examples, hexRows, merged, plain, position, quoted, stateWord, told, tone } from "../../static/js/core/frames.js";

const frame = (number, state = "stored", more = {}) => ({ number, state, ...more });
const numbers = (frames) => frames.map((one) => one.number);

test("what came is put on top, each number once, as it is now", () => {
  const list = merged([frame(3, "pending"), frame(1)], [frame(4), frame(3, "stored")]);
  assert.deepEqual(numbers(list), [4, 3, 1]);
  assert.equal(list[1].state, "stored");
});

test("the list has an end", () => {
  const many = Array.from({ length: KEPT + 5 }, (_, n) => frame(n));
  const list = merged([], many);
  assert.equal(list.length, KEPT);
  assert.equal(list[0].number, KEPT + 4);
});

test("the next question begins before the oldest that is open, else after the newest", () => {
  assert.equal(position([], 7), 7);
  assert.equal(position([frame(9), frame(8)], 9), 9);
  assert.equal(position([frame(9, "pending"), frame(8), frame(5, "pending"), frame(4)], 9), 4);
});

test("what became of a message, in words and in tone", () => {
  const cases = [
    [{ state: "stored", readings: 3, errors: [] }, "3 stored", "good"],
    [{ state: "stored", readings: 3, errors: [{}] }, "stored in part", "part"],
    [{ state: "pending", readings: 3, errors: [] }, "waits for the disk", "quiet"],
    [{ state: "refused", errors: [{}] }, "refused", "bad"],
    [{ state: "ignored" }, "nothing to store", "quiet"],
    [{ state: "last_known", readings: 2, errors: [] }, "last known only", "quiet"],
    [{ state: "of a newer server" }, "of a newer server", "quiet"],
  ];
  for (const [one, word, colour] of cases) assert.deepEqual([stateWord(one), tone(one)], [word, colour]);
});

test("who read it, if anyone did", () => {
  const words = ["tasmota", "none", ""].map((decoder) => decoderWord({ decoder }));
  assert.deepEqual(words, ["read as tasmota", "read by no decoder", "read by no decoder"]);
});

test("each reason has plain words, an unknown one too", () => {
  for (const code of ["bad_message", "bad_value", "bad_time", "too_large", "unknown_device", "forbidden", "rate_limited", "try_later"])
    assert.notEqual(plain({ code }), plain({ code: "another" }));
});

test("only MQTT cannot tell its sender", () => {
  assert.match(told({ channel: "mqtt" }), /no way back/);
  assert.match(told({ channel: "ws" }), /was told/);
  assert.match(told({ channel: "http" }), /was told/);
  assert.equal(told({ channel: "pigeon" }), "");
});

test("bytes are shown by eight, with what of them is readable", () => {
  assert.equal(hexRows("a16474656d70182a"), "0000  a1 64 74 65 6d 70 18 2a  .dtemp.*");
  assert.equal(hexRows("4142434445464748ff"), "0000  41 42 43 44 45 46 47 48  ABCDEFGH\n0008  ff                       .");
  assert.equal(hexRows(""), "");
});

test("words are safe in a shell", () => {
  assert.equal(quoted("boiler/1"), "boiler/1");
  assert.equal(quoted("two words"), "'two words'");
  assert.equal(quoted("it's; rm -rf $HOME"), `'it'\\''s; rm -rf $HOME'`);
});

test("the examples name this server, the device and the broker", () => {
  const [curl, pub] = examples("my device", "https://pi:8080", { host: "broker.lan", port: 1884 }).map(([, text]) => text);
  assert.match(curl, /curl https:\/\/pi:8080\/api\/ingest/);
  assert.match(curl, /device add 'my device'/);
  assert.match(pub, /-h broker\.lan -p 1884 /);
  assert.match(pub, /-t 'telltale\/my device\/readings'/);
  assert.match(examples("d", "https://pi", null)[1][1], /-h BROKER /);
});
