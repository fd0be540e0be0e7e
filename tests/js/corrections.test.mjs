import assert from "node:assert/strict";
import { test } from "node:test";
import { correctionOf, stateOf, which } from "../../static/js/core/corrections.js";

const form = { series: " a/t ", from: 1, to: 2, action: "mask", above: "", below: " ", why: " bench " };

test("a complete form is a body, with limits only where they are given", () => {
  const body = { series: "a/t", from: 1, to: 2, action: "mask", above: null, below: null, why: "bench" };
  assert.deepEqual(correctionOf(form), { body });
  const limits = { above: "85.5", below: "-1e3" };
  assert.deepEqual(correctionOf({ ...form, ...limits }).body, { ...body, above: 85.5, below: -1000 });
  assert.equal(correctionOf({ ...form, below: "0" }).body.below, 0);
});

test("what is missing or wrong is said in words, and nothing is sent", () => {
  const wrong = [
    [{ series: " " }, /which series/],
    [{ from: null }, /beginning and the end/],
    [{ to: null }, /beginning and the end/],
    [{ to: 1 }, /after the beginning/],
    [{ above: "hot" }, /“hot” is no number/],
    [{ below: "Infinity" }, /no number/],
    [{ why: "" }, /why/],
  ];
  for (const [change, message] of wrong) {
    const { body, error } = correctionOf({ ...form, ...change });
    assert.equal(body, undefined);
    assert.match(error, message);
  }
});

test("the list says what was meant and what came of it", () => {
  assert.equal(which({ above: null, below: null }), "all readings");
  assert.equal(which({ above: 85, below: null }), "values above 85");
  assert.equal(which({ above: null, below: 0 }), "values below 0");
  assert.equal(which({ above: 85, below: 0 }), "values above 85 or below 0");
  assert.equal(stateOf({ state: "running", readings: 1500 }), "at work, 1,500 readings so far");
  assert.equal(stateOf({ state: "done", readings: 1 }), "1 reading");
  assert.equal(stateOf({ state: "undone", readings: 2 }), "undone, 2 readings back");
  assert.equal(stateOf({ state: "new one", readings: 2 }), "new one");
});
