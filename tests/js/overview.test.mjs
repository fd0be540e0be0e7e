import assert from "node:assert/strict";
import { test } from "node:test";
import { compose, Layers } from "../../static/js/core/layout.js";
import { choiceParams, isFiltered, readChoice, stateOf, testsOf } from "../../static/js/core/overview.js";

const device = (id, state, ...metrics) => ({
  id,
  name: null,
  state,
  series: metrics.map((metric) => ({ name: `${id}/${metric}`, device: id, metric, title: null })),
});

test("a choice goes into an address and back; what cannot be is nothing", () => {
  const chosen = readChoice("?q=bo%20x&group=&tag=wet&state=stale&metric=t&view=charts&range=1h");
  assert.deepEqual(chosen, { q: "bo x", group: "", tag: "wet", state: "stale", metric: "t", view: "charts" });
  const params = new URLSearchParams(Object.entries(choiceParams(chosen)));
  assert.deepEqual(readChoice(`?${params}`), chosen);
  assert.deepEqual(readChoice("?state=x&view=y"), readChoice(""));
  assert.ok(Object.values(choiceParams(readChoice(""))).every((one) => one === null));
  assert.equal(isFiltered(readChoice("?view=charts&q=%20")), false);
  assert.equal(isFiltered(readChoice("?group=")), true);
});

test("filters by words, group, tag, metric and state", () => {
  const devices = [device("node1", "online", "t", "rh"), device("node2", "offline", "t"), device("boiler", "online", "t")];
  const layers = new Layers({ devices: { boiler: { tags: ["hot"] } } });
  const found = (search) => {
    const words = (one) => layers.device(one.id).tags;
    const tests = testsOf(readChoice(search), { words, stateOf: (one) => (one.state === "offline" ? "offline" : "live") });
    const { sections } = compose(devices, layers, tests);
    return sections.flatMap((section) => section.devices.flatMap((one) => one.tiles.map((tile) => tile.series.name)));
  };
  assert.deepEqual(found(""), ["node1/t", "node1/rh", "node2/t", "boiler/t"]);
  assert.deepEqual(found("?q=node%20rh"), ["node1/rh"]);
  assert.deepEqual(found("?q=hot"), ["boiler/t"]);
  assert.deepEqual(found("?group=node&metric=t"), ["node1/t", "node2/t"]);
  assert.deepEqual(found("?group="), ["boiler/t"]);
  assert.deepEqual(found("?tag=hot"), ["boiler/t"]);
  assert.deepEqual(found("?state=offline"), ["node2/t"]);
  assert.deepEqual(found("?state=stale"), []);
});

test("a value is stale after three intervals, and after 5 s at the least", () => {
  const one = device("d", "online", "t");
  const [series] = one.series;
  const at = (now, interval, known = true) => stateOf(one, series, { interval, known, now });
  series.latest = null;
  assert.equal(at(0, null), "stale");
  series.latest = { t: 0, v: 1 };
  assert.deepEqual([5_000, 5_001].map((now) => at(now, 100)), ["live", "stale"]);
  assert.deepEqual([180_000, 180_001].map((now) => at(now, 60_000)), ["live", "stale"]);
  assert.equal(at(60_000, null, false), "live");
  assert.equal(at(60_000, null, true), "stale");
  assert.equal(stateOf({ state: "offline" }, series, { interval: 1, known: true, now: 0 }), "offline");
});
