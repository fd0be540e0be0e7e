import assert from "node:assert/strict";
import { test } from "node:test";
import { fromField, toField } from "../../static/js/core/moments.js";

test("a time goes into a field and comes back, to the second", () => {
  const t = new Date(2026, 0, 5, 4, 3, 7, 250).getTime();
  assert.equal(toField(t), "2026-01-05T04:03:07");
  assert.equal(fromField(toField(t)), t - 250);
});

test("a field may leave the seconds out; what is empty or wrong is no time", () => {
  assert.equal(fromField("2026-01-05T04:03"), new Date(2026, 0, 5, 4, 3).getTime());
  assert.deepEqual([fromField(""), fromField("2026-13-05T04:03")], [null, null]);
});
