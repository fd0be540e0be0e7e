import assert from "node:assert/strict";
import { test } from "node:test";
import {
  delivery,
  formatRate,
  ingest,
  isSlow,
  machine,
  outline,
  poller,
  reasonText,
  refusals,
  verdict,
  versions,
  watcher,
} from "../../static/js/core/system.js";

const NOW = new Date(2026, 0, 15, 14, 3, 27).getTime();
const GIB = 2 ** 30;
const REASONS = "bad_message bad_value bad_time too_large unknown_device forbidden rate_limited try_later".split(" ");
const none = Object.fromEntries(REASONS.map((one) => [one, 0]));

const system = (more = {}) => ({
  time: NOW,
  uptime: 3 * 3_600_000,
  versions: { telltale: "0.1.0", python: "3.11.2", sqlite: "3.40.1", tornado: "6.6.1", system: "Pi OS", kernel: "Linux 6.1", machine: "aarch64" },
  clock: { trusted: true, behind: 0, zone: "CET", wrong: 0, devices: [] },
  readings: { received: 1200, journalled: 1190, pending: 3, refused: { ...none, bad_time: 7 } },
  rates: { seconds: 60, received: 12.5, journalled: 12.4, pushed: 3, skipped: 0, cpu: 0.034, refused: { bad_time: 0.1 } },
  history: { step: 5000, received: [], refused: [] },
  commits: { done: 900, failed: 0, late_max: 12, disk_ok: true },
  devices: { online: 4, offline: 1, pending: 0 },
  series: 17,
  sockets: { device: 4, live: 2, stream: 0, poll: 0 },
  watchers: [],
  delivery: { frames: 5000, skipped: 0, resumed: 2, resume_refused: 1 },
  memory: { process: 80 << 20, total: 4 * GIB, available: 3 * GIB },
  processor: { cores: 4, load: [0.31, 0.2, 0.1], temperature: 48.3 },
  ...more,
});
const table = (rows) => Object.fromEntries(rows.map(([name, text, about]) => [name, [text, about]]));
const watching = (more = {}) => ({
  who: "anna",
  kind: "user",
  address: "192.168.1.7",
  channel: "live",
  since: NOW - 60_000,
  patterns: 1,
  state: "live",
  behind: 0,
  waiting: 0,
  stalled: 0,
  skipped: 0,
  ...more,
});

test("rates are told in the unit in which they are whole numbers", () => {
  assert.deepEqual([0, 12.5, 1, 0.5, 1 / 60, 0.001, 4321.6].map(formatRate), [
    "none now",
    "12.5 a second",
    "1 a second",
    "30 a minute",
    "1 a minute",
    "3.6 an hour",
    "4,320 a second",
  ]);
});

test("a server that is well says one thing", () => {
  assert.deepEqual(verdict(system()), [{ state: "good", text: "All is well." }]);
});

test("whatever is wrong is said, what is worst first", () => {
  const ill = system({
    clock: { trusted: false, behind: 60_000, zone: "UTC", wrong: 2, devices: ["a", "b"] },
    commits: { done: 1, failed: 1, late_max: 0, disk_ok: false },
    memory: { process: 1, total: 100, available: 4 },
    processor: { cores: 4, load: null, temperature: 82 },
    watchers: [watching({ state: "behind", behind: 9 }), watching()],
    readings: { received: 1, journalled: 0, pending: 0, refused: { ...none, try_later: 4 } },
    rates: { ...system().rates, refused: { try_later: 0.5 } },
  });
  const found = verdict(ill);
  assert.deepEqual(
    found.map(({ state }) => state),
    ["bad", "bad", "warn", "warn", "warn", "warn", "warn"],
  );
  assert.match(found[0].text, /disk/);
  assert.match(found[1].text, /clock of this machine/);
  assert.deepEqual(
    found.slice(4).map(({ text }) => text),
    [
      "1 browser does not keep up.",
      "The clocks of 2 devices are wrong.",
      "Readings are being sent back, because the disk cannot keep up.",
    ],
  );
});

test("what was sent back long ago is no trouble now", () => {
  const past = system({ readings: { ...system().readings, refused: { ...none, try_later: 4 } } });
  assert.equal(verdict({ ...past, rates: { ...past.rates, refused: { try_later: 0 } } })[0].state, "good");
});

test("a machine that tells nothing of itself is said to be unknown, not zero", () => {
  const silent = system({
    memory: { process: null, total: null, available: null },
    processor: { cores: null, load: null, temperature: null },
  });
  const found = table(machine(silent));
  assert.deepEqual(found["Memory of the server"][0], "not known");
  assert.deepEqual(found["Memory of the machine"], ["not known", ""]);
  assert.deepEqual(found.Load, ["not known", ""]);
  assert.equal("Temperature" in found, false);
  assert.equal(verdict(silent)[0].state, "good");
});

test("the machine in figures", () => {
  const found = table(machine(system()));
  assert.equal(found["Running for"][0], "3 h");
  assert.deepEqual(found.Clock, ["right", "14:03:27 in its zone, CET"]);
  assert.deepEqual(found["Memory of the server"][0], "80.0 MiB");
  assert.deepEqual(found["Memory of the machine"], ["25% in use", "3.0 GiB of 4.0 GiB left"]);
  assert.equal(found.Processor[0], "3.4%");
  assert.deepEqual(found.Load, ["0.31", "on 4 cores, by all programs"]);
  assert.equal(found.Temperature[0], "48.3°C");
  const wrong = system({ clock: { trusted: false, behind: 7_200_000, zone: "", wrong: 0, devices: [] } });
  assert.equal(table(machine(wrong)).Clock[0], "wrong, 2 h behind");
});

test("versions name what they are of", () => {
  assert.deepEqual(table(versions(system())).System, ["Pi OS", "Linux 6.1, aarch64"]);
  assert.equal(table(versions(system())).SQLite[0], "3.40.1");
});

test("ingest tells rates and what came in this run", () => {
  const found = table(ingest(system({ commits: { done: 900, failed: 2, late_max: 1_500, disk_ok: true } })));
  assert.deepEqual(found.Received, ["12.5 a second", "1,200 readings in this run"]);
  assert.deepEqual(found.Commits, ["900 in this run", "2 were not taken by the disk"]);
  assert.equal(found["Longest delay"][0], "1 s");
  assert.deepEqual(found.Devices, ["4 online", "1 offline"]);
  const waiting = table(ingest(system({ devices: { online: 0, offline: 0, pending: 2 } })));
  assert.deepEqual(waiting.Devices, ["0 online", "0 offline, 2 wait to be accepted"]);
});

test("refusals are listed by their number, and only those that happened", () => {
  const found = system({
    readings: { ...system().readings, refused: { ...none, bad_value: 3, bad_time: 1_007 } },
    rates: { ...system().rates, refused: { bad_time: 0.1 } },
  });
  assert.deepEqual(
    refusals(found).map(([reason, , n, lately]) => [reason, n, lately]),
    [
      ["bad_time", "1,007", "6 a minute"],
      ["bad_value", "3", "none now"],
    ],
  );
});

test("every reason that the server has is explained", () => {
  for (const reason of REASONS) assert.notEqual(reasonText(reason), reason);
  assert.equal(reasonText("new_one"), "new_one");
});

test("a browser is slow once it has taken nothing for a second, or reads on from the log", () => {
  assert.equal(isSlow(watching()), false);
  assert.equal(isSlow(watching({ state: "slow", stalled: 900 })), false);
  assert.equal(isSlow(watching({ state: "slow", stalled: 1_100 })), true);
  assert.equal(isSlow(watching({ state: "behind" })), true);
});

test("a browser is told with its lag", () => {
  assert.deepEqual(watcher(watching(), NOW), {
    slow: false,
    who: "anna",
    address: "192.168.1.7",
    how: "live page, 1 pattern",
    since: "14:02:27",
    lag: "up to date",
    skipped: "0",
  });
  const late = watcher(watching({ state: "behind", behind: 5_200, stalled: 3_400, skipped: 812, patterns: 2 }), NOW);
  assert.equal(late.lag, "5,200 readings behind, taking nothing for 3 s");
  assert.deepEqual([late.how, late.skipped], ["live page, 2 patterns", "812"]);
});

test("delivery counts who watches by all channels", () => {
  const found = table(delivery(system({ sockets: { device: 9, live: 2, stream: 1, poll: 1 } })));
  assert.equal(found.Watching[0], "4");
  assert.deepEqual(found["Came back"], ["2", "without a gap; 1 had to load history again"]);
});

test("a device that is asked answers, does not, or has not been asked", () => {
  const said = (problem) => poller({ target: "x", problem, answers: 3, failures: 0 });
  assert.deepEqual([said(null).state, said("").state, said("refused").state], ["good", "quiet", "bad"]);
  assert.equal(said("refused").text, "refused");
});

test("the newest figure stands at the right edge, under a round upper edge", () => {
  const { path, area, top } = outline([0, 10, 37], 5, 400, 100);
  assert.equal(top, 50);
  assert.equal(path, "M200 100L300 80L400 26");
  assert.equal(area, "M200 100L300 80L400 26L400 100L200 100Z");
});

test("a part of a figure is drawn on the scale of the whole", () => {
  assert.equal(outline([0, 25], 2, 400, 100, 50).path, "M0 100L400 50");
});

test("nothing to draw is an empty path, and a still server has a flat line at the bottom", () => {
  assert.deepEqual(outline([], 5, 400, 100), { path: "", area: "", top: 1 });
  assert.equal(outline([0, 0], 2, 400, 100).path, "M0 100L400 100");
});
