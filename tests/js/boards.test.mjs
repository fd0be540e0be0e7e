import assert from "node:assert/strict";
import { test } from "node:test";
import {
  added,
  automatic,
  changed,
  Edits,
  filled,
  fitting,
  fresh,
  GRID,
  isTemplate,
  KINDS,
  matcher,
  moved,
  placed,
  removed,
  resized,
  resolved,
  screens,
  stepped,
  WALL_ROWS,
} from "../../static/js/core/boards.js";

const part = (id, w = 3, h = 2, more = {}) => ({ id, kind: "tile", w, h, ...more });
const board = (...parts) => ({ name: "b", parts });
const ids = (content) => content.parts.map((one) => one.id).join("");

function cells(places) {
  return places.flatMap(({ x, y, w, h }) =>
    Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
  );
}

test("parts flow in their order, none on another, none beyond the grid", () => {
  const { places, rows } = placed([part("a", 6, 4), part("b", 6, 2), part("c", 6, 2), part("d", 12, 1)]);
  assert.deepEqual(
    places.map(({ x, y }) => [x, y]),
    [
      [0, 0],
      [6, 0],
      [6, 2],
      [0, 4],
    ],
  );
  assert.equal(rows, 5);
  assert.deepEqual(placed([]), { places: [], rows: 0 });
  let seed = 7;
  const random = (n) => {
    seed = (seed * 48271) % 2147483647;
    return 1 + (seed % n);
  };
  for (let round = 0; round < 50; round += 1) {
    const parts = Array.from({ length: 12 }, (_, n) => part(`p${n}`, random(GRID), random(6)));
    const all = cells(placed(parts).places);
    assert.equal(new Set(all).size, all.length, "two parts on one cell");
    assert.ok(placed(parts).places.every(({ x, w }) => x >= 0 && x + w <= GRID));
  }
});

test("on a wall every part is on one screen, in order, and a screen has few rows", () => {
  const parts = Array.from({ length: 30 }, (_, n) => part(`p${n}`, 4, 3));
  const all = screens(parts);
  assert.deepEqual(
    all.flat().map((one) => one.id),
    parts.map((one) => one.id),
  );
  assert.ok(all.every((one) => placed(one).rows <= WALL_ROWS + 2));
  assert.deepEqual(screens([]), []);
  assert.ok(screens([part("tall", 4, 12)])[0][0].h <= WALL_ROWS + 2);
});

test("a part is moved, sized, changed and removed without touching what was there", () => {
  const before = Object.freeze(board(part("a"), part("b"), part("c")));
  Object.freeze(before.parts);
  before.parts.forEach(Object.freeze);
  assert.equal(ids(moved(before, "a", 2)), "bca");
  assert.equal(ids(moved(before, "c", 0)), "cab");
  assert.equal(ids(moved(before, "a", 99)), "bca");
  assert.equal(ids(stepped(before, "a", -1)), "abc");
  assert.equal(ids(stepped(before, "b", 1)), "acb");
  assert.deepEqual(resized(before, "a", 99, 0).parts[0], part("a", 12, 1));
  assert.deepEqual(changed(before, "b", { title: "x", w: undefined }).parts[1], { id: "b", kind: "tile", h: 2, title: "x" });
  assert.equal(ids(removed(before, "b")), "ac");
  assert.equal(ids(before), "abc");
});

test("a new part has an id of its own and the size of its kind", () => {
  const content = board(part("p2"), part("p3"));
  const one = fresh("gauge", content);
  assert.deepEqual(one, { id: "p4", kind: "gauge", w: KINDS.gauge.w, h: KINDS.gauge.h });
  assert.equal(ids(added(content, one)), "p2p3p4");
});

test("a pattern means what the server's means", () => {
  for (const [pattern, name, is] of [
    ["a/b", "a/b", true],
    ["a/b", "a/bc", false],
    ["a/*", "a/b/c", true],
    ["*", "", true],
    ["a.c", "abc", false],
    ["*/t(1)", "x/t(1)", true],
    ["a*b*c", "a--b--c", true],
    ["a*b*c", "acb", false],
  ])
    assert.equal(matcher(pattern)(name), is, `${pattern} ${name}`);
});

test("names of a template are those of the device that is chosen; unknown names stay, patterns do not", () => {
  const known = ["boiler 1/flow", "boiler 1/return", "boiler 2/flow"];
  assert.deepEqual(resolved(["{device}/flow", "room/t"], "boiler 2", known), ["boiler 2/flow", "room/t"]);
  assert.deepEqual(resolved(["{device}/*"], "boiler 1", known), ["boiler 1/flow", "boiler 1/return"]);
  assert.deepEqual(resolved(["{device}/flow", "{device}/flow"], "b", known, 1), ["b/flow"]);
  assert.deepEqual(resolved(["{device}/flow", "x/*"], "", known), []);
  assert.deepEqual(resolved(undefined, "", known), []);
  assert.equal(filled("{device}: {device}", "a$&"), "a$&: a$&");
});

test("a template offers the devices that have what it shows", () => {
  const known = new Set(["boiler 1/flow", "boiler 2/flow", "tank/level"]);
  const devices = ["boiler 1", "boiler 2", "tank"];
  const content = board(part("a", 3, 2, { series: ["{device}/flow", "tank/level"] }));
  assert.ok(isTemplate(content));
  assert.ok(!isTemplate(board(part("a"))));
  assert.deepEqual(fitting(content, devices, known), ["boiler 1", "boiler 2"]);
  assert.deepEqual(fitting({ ...content, devices: "*2" }, devices, known), ["boiler 2"]);
  assert.deepEqual(fitting(board(part("a", 3, 2, { title: "{device}" })), devices, known), devices);
});

test("a board of everything has a tile for each series; few are large", () => {
  const series = (n) => Array.from({ length: n }, (_, i) => ({ name: `d/m${i}` }));
  assert.deepEqual(automatic([]).parts, []);
  for (const n of [1, 2, 3, 4, 6, 40]) {
    const { parts } = automatic(series(n));
    assert.deepEqual(
      parts.flatMap((one) => one.series),
      series(n).map((one) => one.name),
    );
    assert.ok(parts.every(({ w }) => Number.isInteger(w) && w <= GRID));
  }
  assert.ok(automatic(series(1)).parts[0].w > automatic(series(40)).parts[0].w);
});

test("every step can be undone and done again, until another is made", () => {
  const edits = new Edits(board());
  assert.deepEqual([edits.dirty, edits.canUndo, edits.canRedo], [false, false, false]);
  const [one, two, three] = [board(part("a")), board(part("b")), board(part("c"))];
  edits.change(one);
  edits.change(two);
  edits.undo();
  assert.equal(edits.content, one);
  edits.redo();
  edits.redo();
  assert.equal(edits.content, two);
  edits.undo();
  edits.change(three);
  assert.deepEqual([edits.content, edits.canRedo], [three, false]);
  edits.undo();
  edits.undo();
  edits.undo();
  assert.equal(edits.dirty, false, "back at what is saved, there is nothing to save");
});
