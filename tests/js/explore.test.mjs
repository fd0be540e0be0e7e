import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST, charts, readState, stateParams, withSeries, withoutSeries } from "../../static/js/core/explore.js";

const read = (text) => readState(new URLSearchParams(text));
const written = (state) => new URLSearchParams(stateParams(state)).toString();

test("an empty address is a day of nothing, and is written as nothing", () => {
  const state = read("");
  assert.deepEqual([state.series, state.from, state.to, state.view, state.x], [[], "now-24h", "now", "lines", null]);
  assert.equal(written(state), "");
});

test("what is written reads as the same, whatever is in it", () => {
  let seed = 3;
  const random = (n) => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % n;
  for (let run = 0; run < 300; run += 1) {
    const series = ["a/b", "öl & gas/t?", "x=1/#", "d/ü:25", "q/r"].slice(0, random(6));
    const pick = () => series[random(series.length)] ?? null;
    const state = {
      ...{ series, from: ["now-6h", "1700000000000", "now-24h"][random(3)], to: ["now", "1800000000000"][random(2)] },
      ...{ view: ["lines", "scatter", "heat", "histogram", "table"][random(5)], step: [null, 60_000][random(2)] },
      ...{ x: pick(), y: pick(), levels: {}, off: new Set() },
    };
    if (series.length) {
      state.levels[pick()] = (random(2000) - 1000) / 7;
      state.off.add(pick());
    }
    assert.deepEqual(read(written(state)), state);
  }
});

test("nonsense is as if it were not there", () => {
  const state = read("s=a&s=a&s=&view=3d&x=9&y=-1&step=soon&above=0:hot&above=7:1&above=0:1e400x&off=x");
  assert.deepEqual([state.series, state.view, state.x, state.y, state.step], [["a"], "lines", "a", "a", null]);
  assert.deepEqual([state.levels, state.off.size], [{}, 0]);
  const many = Array.from({ length: 99 }, (_, i) => `s=${i}`).join("&");
  assert.equal(read(many).series.length, MOST);
});

test("the second series is the other side of a correlation; a removed one leaves nothing behind", () => {
  let state = withSeries(read(""), "a");
  state = withSeries(state, "b");
  assert.deepEqual([state.x, state.y], ["a", "b"]);
  assert.equal(withSeries(state, "b"), state);
  state = { ...state, levels: { a: 1, b: 2 }, off: new Set(["a"]) };
  state = withoutSeries(state, "a");
  assert.deepEqual([state.series, state.x, state.y, state.levels, state.off.size], [["b"], "b", "b", { b: 2 }, 0]);
  assert.deepEqual(withoutSeries(state, "b").x, null);
});

test("a chart has at most two units, and every series is in one", () => {
  const units = { a: "°C", b: "%", c: "W", d: "°C", e: null };
  assert.deepEqual(charts(Object.keys(units), (one) => units[one]), [["a", "b", "d"], ["c", "e"]]);
});
