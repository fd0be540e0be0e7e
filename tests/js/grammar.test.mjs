import assert from "node:assert/strict";
import { test } from "node:test";
import { formatLength, parseMoment, parseSpan } from "../../static/js/core/grammar.js";

const NOW = Date.UTC(2026, 10, 21, 12);
const HOUR = 3_600_000;
const utc = (year, month, day, ...clock) => Date.UTC(year, month - 1, day, ...clock);

test("relative times are the API's grammar", () => {
  const found = ["now", "now-6h", "-15m", "now - 2d", "now+1s", "-500ms", "-1w"].map((text) => parseMoment(text, NOW) - NOW);
  assert.deepEqual(found, [0, -6 * HOUR, -900_000, -48 * HOUR, 1_000, -500, -168 * HOUR]);
});

test("absolute times are ms, ISO 8601, or a day and minute of the zone", () => {
  assert.equal(parseMoment("1700000000000", NOW), 1_700_000_000_000);
  assert.equal(parseMoment("2026-11-21T10:00:00+01:00", NOW), Date.UTC(2026, 10, 21, 9));
  assert.equal(parseMoment("2026-11-21", NOW, utc), Date.UTC(2026, 10, 21));
  assert.equal(parseMoment("2026-11-21 14:30", NOW, utc), Date.UTC(2026, 10, 21, 14, 30));
  assert.equal(parseMoment("2026-11-21T14:30:05.25", NOW, utc), Date.UTC(2026, 10, 21, 14, 30, 5, 250));
  assert.equal(parseMoment("2026-11-21", NOW), new Date(2026, 10, 21).getTime());
});

test("what is no time is none", () => {
  for (const text of ["", "yesterday", "now-6", "now-6y", "-", "2026-13-01", "2026-11-21 25:00", "99999999999999999", "12"]) {
    assert.equal(parseMoment(text, NOW), null, text);
  }
});

test("from so long ago to now is live, anything else stands still", () => {
  assert.deepEqual(parseSpan("now-90m", "now", NOW), { range: 1.5 * HOUR });
  assert.deepEqual(parseSpan("-6h", "", NOW), { range: 6 * HOUR });
  assert.deepEqual(parseSpan("now-6h", "now-1h", NOW), { from: NOW - 6 * HOUR, to: NOW - HOUR });
  assert.deepEqual(parseSpan("1700000000000", "now", NOW), { from: 1_700_000_000_000, to: NOW });
});

test("what is wrong is named", () => {
  assert.deepEqual(parseSpan("x", "now", NOW), { problem: "from" });
  assert.deepEqual(parseSpan("now-1h", "x", NOW), { problem: "to" });
  assert.deepEqual(parseSpan("now", "now-1h", NOW), { problem: "order" });
});

test("a length is written in its largest whole unit and read back", () => {
  assert.deepEqual([300_000, HOUR, 5_400_000, 7 * 24 * HOUR, 1_500].map(formatLength), ["5m", "1h", "90m", "7d", "1500ms"]);
  for (const length of [300_000, 1_500, 24 * HOUR]) {
    assert.deepEqual(parseSpan(`now-${formatLength(length)}`, "now", NOW), { range: length });
  }
});
