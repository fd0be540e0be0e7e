import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveProtocol, SILENCE } from "../../static/js/core/protocol.js";

const sent = (actions) => JSON.parse(actions.find(({ type }) => type === "send").text);
const types = (actions) => actions.map(({ type }) => type);

function live(more = {}) {
  const protocol = new LiveProtocol();
  const { id } = sent(protocol.opened(0));
  const answer = { id, ok: true, epoch: "e", seq: 10, time: 1, recovered: false, latest: [["a/b", 1, 2]], ...more };
  return [protocol, protocol.received(JSON.stringify(answer), 0)];
}

test("the first subscription has no position; its answer makes it live and loads all", () => {
  const protocol = new LiveProtocol();
  assert.deepEqual(sent(protocol.opened(0)), { id: 1, subscribe: ["*"] });
  assert.deepEqual(types(live()[1]), ["time", "state", "devices", "load", "readings"]);
  assert.equal(live()[0].state, "live");
});

test("a resumed subscription goes on from the last seq and loads nothing", () => {
  const [protocol] = live();
  protocol.received('{"seq": 12, "readings": [["a/b", 2, 3]]}', 1);
  protocol.received('{"seq": 15, "time": 9}', 2);
  assert.deepEqual(types(protocol.closed()), ["state"]);
  const command = sent(protocol.opened(5));
  assert.deepEqual(command.since, { epoch: "e", seq: 15 });
  const answer = { id: command.id, ok: true, epoch: "e", seq: 15, time: 1, recovered: true, latest: [] };
  assert.ok(!types(protocol.received(JSON.stringify(answer), 6)).includes("load"));
});

test("where the server cannot resume, all is loaded again from the new position", () => {
  const [protocol] = live();
  protocol.closed();
  const { id } = sent(protocol.opened(5));
  const answer = { id, ok: true, epoch: "f", seq: 3, time: 1, recovered: false, latest: [] };
  assert.ok(types(protocol.received(JSON.stringify(answer), 6)).includes("load"));
  assert.deepEqual(protocol.position, { epoch: "f", seq: 3 });
});

test("a seq before the answer to subscribe does not move the position", () => {
  const [protocol] = live();
  protocol.closed();
  protocol.opened(5);
  protocol.received('{"seq": 99, "time": 9}', 6);
  assert.equal(protocol.position.seq, 10);
});

test("skipped and changed name spans to fetch again", () => {
  const [protocol] = live();
  const spans = [["a/b", 1, 9]];
  const skipped = JSON.stringify({ skipped: { count: 3, seq: 20, spans } });
  assert.deepEqual(protocol.received(skipped, 1), [{ type: "refetch", spans }]);
  assert.equal(protocol.position.seq, 10, "complete only when the next push says so");
  assert.deepEqual(protocol.received(JSON.stringify({ seq: 21, changed: spans }), 1), [{ type: "refetch", spans }]);
  assert.equal(protocol.position.seq, 21);
});

test("presence, devices and annotations are passed on", () => {
  const [protocol] = live();
  assert.deepEqual(types(protocol.received('{"presence": [["a", "online", 1]]}', 1)), ["presence"]);
  assert.deepEqual(types(protocol.received('{"device": {"device": "a", "state": "pending"}}', 1)), ["device"]);
  assert.deepEqual(protocol.received('{"annotation": {"id": 7}}', 1), [{ type: "annotation", annotation: { id: 7 } }]);
});

test("silence takes the link down once, and it is opened anew", () => {
  const [protocol] = live();
  let at = 0;
  for (; at <= SILENCE; at += 200) assert.deepEqual(protocol.look(at), []);
  assert.deepEqual(types(protocol.look(at)), ["state", "reconnect"]);
  assert.ok(at <= 3_000);
  assert.deepEqual(protocol.look(at + 200), []);
  assert.equal(protocol.state, "down");
});

test("a socket that opens and then says nothing is opened anew too", () => {
  const protocol = new LiveProtocol();
  protocol.opened(0);
  for (let at = 0; at <= SILENCE; at += 200) protocol.look(at);
  assert.deepEqual(types(protocol.look(SILENCE + 100)), ["reconnect"]);
});

test("after the page slept, frames that wait get time to be read", () => {
  const [protocol] = live();
  protocol.look(0);
  assert.deepEqual(protocol.look(60_000), []);
  assert.deepEqual(types(protocol.look(60_000 + SILENCE)), [], "asleep again");
});

test("a page that was frozen resumes its position at once, whatever the link seems to be", () => {
  const [protocol] = live();
  assert.deepEqual(protocol.woke(1_000), [], "it was a short nap: the link goes on");
  protocol.look(1_000);
  protocol.look(600_000);
  assert.deepEqual(types(protocol.woke(600_001)), ["state", "reconnect"]);
  assert.deepEqual(protocol.woke(600_002), [], "there is no link any more");
  assert.deepEqual(sent(protocol.opened(600_010)).since, { epoch: "e", seq: 10 });
});

test("a refused subscription is tried again; other answers and broken frames do nothing", () => {
  const protocol = new LiveProtocol();
  const { id } = sent(protocol.opened(0));
  assert.deepEqual(protocol.received('{"id": 77, "ok": true}', 1), []);
  assert.deepEqual(protocol.received("no json", 1), []);
  assert.deepEqual(protocol.received("null", 1), []);
  const refusal = { id, ok: false, error: { code: "rate_limited", message: "" } };
  assert.deepEqual(types(protocol.received(JSON.stringify(refusal), 1)), ["reconnect"]);
});

test("more series are followed on the open link, and again after the next reconnect", () => {
  const [protocol] = live();
  const command = sent(protocol.follow(["c/d"]));
  assert.deepEqual(command.subscribe, ["c/d"]);
  const answer = { id: command.id, ok: true, epoch: "e", seq: 11, recovered: false, latest: [["c/d", 1, 2]] };
  assert.deepEqual(protocol.received(JSON.stringify(answer), 1), [{ type: "readings", readings: [["c/d", 1, 2]] }]);
  assert.deepEqual(protocol.position, { epoch: "e", seq: 10 }, "what the others have been sent up to");
  protocol.closed();
  assert.deepEqual(protocol.follow(["e/f"]), [], "there is no link to say it on");
  assert.deepEqual(sent(protocol.opened(5)).subscribe, ["*", "c/d", "e/f"]);
});
