import assert from "node:assert/strict";
import { test } from "node:test";
import { readView, searchWith, viewParams } from "../../static/js/core/address.js";
import { USUAL, View } from "../../static/js/core/view.js";

const NOW = 1_700_000_000_000;

function again(view, linked = true) {
  const search = searchWith("", viewParams(view, linked));
  const found = new View();
  readView(new URLSearchParams(search), found, NOW + 5_000);
  return { mode: found.mode, range: found.range, fixed: found.fixed, search };
}

test("every mode survives its address", () => {
  const view = new View();
  assert.equal(again(view).search, "", "the usual view needs no words");
  view.show(21_600_000);
  assert.deepEqual(again(view), { mode: "live", range: 21_600_000, fixed: null, search: "?from=now-6h" });
  view.hold(NOW);
  assert.deepEqual([again(view).mode, again(view).fixed], ["paused", { from: NOW - 21_600_000, to: NOW }]);
  view.zoomTo(NOW - 5_000, NOW - 1_000);
  assert.deepEqual([again(view).mode, again(view).fixed], ["history", { from: NOW - 5_000, to: NOW - 1_000 }]);
});

test("a relative address of something past stands still", () => {
  const view = new View();
  readView(new URLSearchParams("from=now-2h&to=now-1h"), view, NOW);
  assert.deepEqual([view.mode, view.zoom], ["history", { from: NOW - 7_200_000, to: NOW - 3_600_000 }]);
});

test("what cannot be understood is the usual view", () => {
  const view = new View();
  view.zoomTo(1, 10_000);
  for (const search of ["from=nonsense", "from=now&to=now-1h", "", "to=5"]) {
    readView(new URLSearchParams(search), view, NOW);
    assert.deepEqual([view.mode, view.range], ["live", USUAL]);
  }
});

test("other parameters stay", () => {
  const view = new View();
  view.show(300_000);
  assert.equal(searchWith("?token=x&q=boiler&to=5", viewParams(view, false)), "?token=x&q=boiler&from=now-5m&sync=off");
});
