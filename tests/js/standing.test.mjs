import assert from "node:assert/strict";
import { test } from "node:test";
import { standing } from "../../static/js/core/standing.js";

const NOW = 1_000_000_000;
const series = (age, interval = 10_000, loaded = true) => ({ latest: { t: NOW - age, v: 1 }, main: { interval }, loaded });
const online = { state: "online" };

test("a value is live, stale, offline or lost, and without a reading it is none", () => {
  assert.equal(standing(series(5_000), online, "live", NOW), "live");
  assert.equal(standing(series(31_000), online, "live", NOW), "stale");
  assert.equal(standing(series(5_000), { state: "offline" }, "live", NOW), "offline");
  for (const connection of ["down", "connecting", "ended"])
    assert.equal(standing(series(5_000), online, connection, NOW), "lost");
  assert.equal(standing(undefined, undefined, "live", NOW), "none");
  assert.equal(standing({ latest: null }, online, "live", NOW), "none");
});

test("while the interval is not known yet only what is very old is stale", () => {
  assert.equal(standing(series(60_000, null, false), undefined, "live", NOW), "live");
  assert.equal(standing(series(2 * 3_600_000, null, false), online, "live", NOW), "stale");
  assert.equal(standing(series(60_000, null, true), online, "live", NOW), "stale");
});
