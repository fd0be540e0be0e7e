import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerClock } from "../../static/js/core/clock.js";

test("before the first frame it is the time of this machine", () => {
  assert.equal(
    new ServerClock(
      () => 100,
      () => 5_000,
    ).now(),
    5_000,
  );
});

test("the frame that was least late counts", () => {
  let at = 0;
  const clock = new ServerClock(
    () => at,
    () => 9_000,
  );
  clock.observe(100_000);
  at = 1_000;
  clock.observe(100_400);
  assert.equal(clock.now(), 101_000);
  at = 2_000;
  assert.equal(clock.now(), 102_000);
});

test("it forgets old frames, so that a slow drift is followed", () => {
  let at = 0;
  const clock = new ServerClock(
    () => at,
    () => 100_000,
  );
  for (; at < 60_000; at += 1_000) clock.observe(100_000 + at * 0.999);
  assert.ok(Math.abs(clock.now() - (100_000 + at * 0.999)) < 20);
});

test("a jump of the server's clock is believed at once", () => {
  const clock = new ServerClock(
    () => 0,
    () => 100_000,
  );
  clock.observe(100_000);
  clock.observe(50_000);
  assert.equal(clock.now(), 50_000);
});
