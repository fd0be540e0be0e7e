import assert from "node:assert/strict";
import { test } from "node:test";
import { Inventory, filter, label, lastKnown, namesOf } from "../../static/js/core/inventory.js";

const device = (id, state = "online", more = {}) => ({ device: id, name: null, state, last_seen: 5, ...more });
const one = (device_, metric) => ({ device: device_, metric, name: `${device_}/${metric}` });
const layout = (inventory) =>
  [...inventory.devices.values()].map(({ id, series }) => [id, series.map(({ metric }) => metric)]);

test("what is known at first is sorted, numbers by their value", () => {
  const inventory = new Inventory();
  inventory.list([device("pump 10"), device("pump 2"), device("Attic")]);
  inventory.add([one("pump 2", "b"), one("pump 2", "a"), one("Attic", "x")]);
  assert.deepEqual(layout(inventory), [
    ["Attic", ["x"]],
    ["pump 2", ["a", "b"]],
    ["pump 10", []],
  ]);
});

test("what comes later is appended and moves nothing", () => {
  const inventory = new Inventory();
  inventory.list([device("m")]);
  inventory.add([one("m", "k")]);
  inventory.push(device("a"));
  inventory.add([one("m", "a"), one("a", "z")]);
  assert.deepEqual(layout(inventory), [
    ["m", ["k", "a"]],
    ["a", ["z"]],
  ]);
  inventory.list([device("a"), device("m")]);
  assert.deepEqual(
    layout(inventory).map(([id]) => id),
    ["m", "a"],
  );
});

test("a series has one place, however often it is added", () => {
  const inventory = new Inventory();
  const series = one("m", "k");
  inventory.add([series]);
  inventory.add([series]);
  assert.deepEqual(layout(inventory), [["m", ["k"]]]);
});

test("waiting devices are apart, and leave when they are decided on", () => {
  const inventory = new Inventory();
  inventory.list([device("a", "pending"), device("b")]);
  assert.deepEqual([...inventory.pending.keys()], ["a"]);
  inventory.push(device("a", "approved"));
  assert.deepEqual([[...inventory.pending.keys()], [...inventory.devices.keys()]], [[], ["b", "a"]]);
  inventory.push(device("c", "pending"));
  inventory.push(device("c", "blocked"));
  assert.ok(!inventory.pending.has("c") && !inventory.devices.has("c"));
});

test("presence says since when", () => {
  const inventory = new Inventory();
  inventory.list([device("a")]);
  inventory.presence([["a", "offline", 77]]);
  const { state, since } = inventory.devices.get("a");
  assert.deepEqual([state, since], ["offline", 77]);
});

test("a list that was asked for before a push does not undo it", () => {
  const inventory = new Inventory();
  inventory.list([device("a")]);
  inventory.push(device("w", "pending"));
  inventory.presence([["a", "offline", 77]]);
  inventory.list([device("a", "online")], new Set(["a", "w"]));
  assert.equal(inventory.devices.get("a").state, "offline");
  assert.ok(inventory.pending.has("w"));
});

test("an owner is guessed by the longest known device, and put right later", () => {
  const inventory = new Inventory();
  inventory.list([device("site"), device("site/pump")]);
  assert.deepEqual(inventory.guess("site/pump/flow"), ["site/pump", "flow"]);
  assert.deepEqual(inventory.guess("new/box/t"), ["new", "box/t"]);
  const series = one("new", "box/t");
  inventory.add([series]);
  inventory.move(series, "new/box", "t");
  assert.deepEqual(layout(inventory), [
    ["site", []],
    ["site/pump", []],
    ["new/box", ["t"]],
  ]);
});

test("the filter wants every word somewhere in the names", () => {
  const matches = filter(" Boil  TEMP ");
  assert.ok(matches("boiler", "flow_temperature"));
  assert.ok(!matches("boiler", "pressure"));
  assert.ok(filter("")("anything"));
});

test("a device is called by its name, else by its id", () => {
  assert.equal(label({ id: "a1", name: "Attic" }), "Attic");
  assert.equal(label({ id: "a1", name: null }), "a1");
});

test("values that are only last known stand until there is a reading, and go when the list says so", () => {
  const inventory = new Inventory();
  const value = { value: 1.5, ts: null, unit: "°C", heard: 7 };
  inventory.list([device("a", "online", { last_known: { t: value, u: value }, clock_warning: { said: 5, at: 6 } })]);
  const found = inventory.devices.get("a");
  inventory.add([one("a", "t")]);
  assert.deepEqual(lastKnown(found), [["u", value]]);
  assert.deepEqual(found.clock, { said: 5, at: 6 });
  inventory.presence([["a", "offline", 9]]);
  inventory.push({ device: "a", state: "offline", name: "A" }); // says nothing of either
  assert.deepEqual(lastKnown(found), [["u", value]]);
  assert.deepEqual(found.clock, { said: 5, at: 6 });
  inventory.push(device("a"));
  assert.deepEqual([lastKnown(found), found.clock], [[], null]);
});

test("a title that a person gave is what a series is found by", () => {
  const titled = { ...one("a", "t_1"), title: "Flow" };
  assert.ok(namesOf(device("a"), titled).includes("Flow"));
  assert.ok(namesOf(device("a"), { ...titled, title: null }).includes("t 1"));
});
