import assert from "node:assert/strict";
import { test } from "node:test";
import { groupsOf, prefixOf } from "../../static/js/core/groups.js";
import { arranged, compose, Layers, mergePatch, moved } from "../../static/js/core/layout.js";

const device = (id, ...metrics) => ({ id, series: metrics.map((metric) => ({ name: `${id}/${metric}`, metric })) });
const names = (tiles) => tiles.map((tile) => tile.series.name);
/** Sections as [name, [[device, tiles]]]. */
const shown = ({ sections }) =>
  sections.map(({ name, devices }) => [name, devices.map((one) => [one.device.id, names(one.tiles)])]);

test("devices that share a prefix are a group, others are not", () => {
  assert.equal(prefixOf("greenhouse-north"), "greenhouse");
  assert.equal(prefixOf("node7"), "node");
  assert.equal(prefixOf("Küche Fenster"), "Küche");
  assert.equal(prefixOf("boiler"), null);
  assert.equal(prefixOf("24:6f:28"), null);
  const groups = groupsOf(["node1", "node2", "boiler", "pump-a"]);
  assert.deepEqual([...groups.values()], ["node", "node", null, null]);
});

test("patches merge, null takes away, empty objects are left out", () => {
  const one = mergePatch({}, { series: { a: { size: "L", hidden: true } } });
  assert.deepEqual(mergePatch(one, { series: { a: { hidden: null } } }), { series: { a: { size: "L" } } });
  assert.deepEqual(mergePatch(one, { series: { a: null } }), {});
  assert.deepEqual(mergePatch(one, { order: { x: ["b", "a"] } }).order, { x: ["b", "a"] });
  assert.deepEqual(one, { series: { a: { size: "L", hidden: true } } });
});

test("the own layout stands above the shared one, field by field", () => {
  const layers = new Layers(
    { series: { a: { size: "L", colour: 2, hidden: true } }, units: { "°C": "°F" }, devices: { d: { hidden: true } } },
    { series: { a: { size: "S", hidden: false } } },
  );
  assert.deepEqual(layers.series("a"), { size: "S", colour: 2, hidden: false, pinned: false });
  assert.deepEqual(layers.series("constructor"), { size: "M", hidden: false, pinned: false });
  assert.equal(layers.unit("°C"), "°F");
  assert.equal(layers.hidden, 1);
});

test("what an order does not name follows as it comes", () => {
  const items = ["a", "b", "c", "d"];
  assert.deepEqual(arranged(items, (one) => one, ["c", "gone", "a"]), ["c", "a", "b", "d"]);
  assert.deepEqual(moved(items, "d", 1), ["a", "d", "b", "c"]);
  assert.deepEqual(moved(items, "a", -5), items);
  assert.deepEqual(moved(items, "a", 99), ["b", "c", "d", "a"]);
});

test("what is new appears, whatever was hidden and moved before", () => {
  const layers = new Layers({}, {
    series: { "node1/a": { hidden: true } },
    devices: { boiler: { hidden: true } },
    order: { "device:node1": ["node1/c", "node1/a"], "group:node": ["node2", "node1"], groups: ["", "node"] },
  });
  const before = [device("boiler", "t"), device("node1", "a", "b", "c"), device("node2", "a"), device("pump", "on")];
  assert.deepEqual(shown(compose(before, layers)), [
    [null, [["pump", ["pump/on"]]]],
    ["node", [["node2", ["node2/a"]], ["node1", ["node1/c", "node1/b"]]]],
  ]);
  const after = [...before, device("node3", "a"), device("new", "x")];
  after[1] = device("node1", "a", "b", "c", "d");
  assert.deepEqual(shown(compose(after, layers)), [
    [null, [["pump", ["pump/on"]], ["new", ["new/x"]]]],
    ["node", [["node2", ["node2/a"]], ["node1", ["node1/c", "node1/b", "node1/d"]], ["node3", ["node3/a"]]]],
  ]);
});

test("the pinned come first, and the hidden are there for who arranges", () => {
  const layers = new Layers({}, { series: { "d/a": { pinned: true }, "d/b": { hidden: true } } });
  const all = [device("d", "a", "b")];
  assert.deepEqual(names(compose(all, layers).pinned), ["d/a"]);
  assert.deepEqual(shown(compose(all, layers)), []);
  assert.deepEqual(shown(compose(all, layers, { all: true })), [[null, [["d", ["d/b"]]]]]);
});

test("groups and tags that people gave are above the automatic ones", () => {
  const layers = new Layers({ devices: { node1: { group: "Cellar", tags: ["wet"] }, pump: { group: "Cellar" } } });
  const found = compose([device("node1", "a"), device("node2", "a"), device("pump", "on"), device("bare")], layers);
  assert.deepEqual(shown(found), [
    ["Cellar", [["node1", ["node1/a"]], ["pump", ["pump/on"]]]],
    ["node", [["node2", ["node2/a"]]]],
    [null, [["bare", []]]],
  ]);
  assert.deepEqual([found.groups, found.tags], [["Cellar", "node"], ["wet"]]);
});

test("filters leave out what does not match, and devices of which nothing is left", () => {
  const all = [device("d", "a", "b"), device("e", "b"), device("bare")];
  const onlyA = { shown: (_device, series) => series.metric === "a", bare: () => false };
  assert.deepEqual(shown(compose(all, new Layers(), onlyA)), [[null, [["d", ["d/a"]]]]]);
  const onlyE = { wanted: ({ id }) => id === "e" };
  assert.deepEqual(shown(compose(all, new Layers(), onlyE)), [[null, [["e", ["e/b"]]]]]);
});
