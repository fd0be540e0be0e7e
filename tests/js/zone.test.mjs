import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { timeLabels, timeSplits } from "../../static/js/core/axis.js";
import {
  addDays,
  addMonths,
  chosenZone,
  dayStart,
  fromWall,
  offsetAt,
  offsetName,
  useZone,
  wall,
  zoneName,
} from "../../static/js/core/zone.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const utc = (text) => Date.parse(`${text}Z`);
const shown = (t) => wall(t).toISOString().slice(0, 19);

afterEach(() => useZone(""));

test("a zone that there is not is the browser's", () => {
  assert.equal(useZone("Mars/Olympus"), "");
  assert.equal(chosenZone(), "");
  assert.equal(zoneName(), Intl.DateTimeFormat().resolvedOptions().timeZone);
  assert.equal(offsetAt(0), -new Date(0).getTimezoneOffset() * 60_000);
});

test("clocks of the zone", () => {
  const t = utc("2026-07-01T12:00:00.250");
  for (const [zone, time, name] of [
    ["UTC", "2026-07-01T12:00:00", "UTC"],
    ["Europe/Stockholm", "2026-07-01T14:00:00", "UTC+2"],
    ["Asia/Kathmandu", "2026-07-01T17:45:00", "UTC+5:45"],
    ["America/St_Johns", "2026-07-01T09:30:00", "UTC−2:30"],
  ]) {
    useZone(zone);
    assert.deepEqual([shown(t), offsetName(t)], [time, name]);
    assert.equal(fromWall(wall(t).getTime()), t);
  }
});

test("the day on which summer time begins has 23 hours, the one on which it ends 25", () => {
  useZone("Europe/Stockholm");
  const length = (text) => (dayStart(utc(text), 1) - dayStart(utc(text))) / HOUR;
  assert.deepEqual(["2026-03-28T12:00", "2026-03-29T12:00", "2026-10-25T12:00"].map(length), [24, 23, 25]);
  assert.equal(dayStart(utc("2026-03-29T22:30")), utc("2026-03-29T22:00"));
  assert.equal(dayStart(utc("2026-03-29T21:30")), utc("2026-03-28T23:00"));
  assert.equal(shown(addDays(utc("2026-03-28T11:00"), 1)), "2026-03-29T12:00:00");
});

test("a time that clocks show twice is the first; one that they skip lies after the gap", () => {
  useZone("Europe/Stockholm");
  assert.equal(fromWall(utc("2026-10-25T02:30")), utc("2026-10-25T00:30"));
  assert.equal(fromWall(utc("2026-03-29T02:30")), utc("2026-03-29T01:30"));
  useZone("America/New_York");
  assert.equal(fromWall(utc("2026-11-01T01:30")), utc("2026-11-01T05:30"));
  assert.equal(fromWall(utc("2026-03-08T02:30")), utc("2026-03-08T07:30"));
  useZone("Australia/Lord_Howe");
  assert.equal(fromWall(utc("2026-04-05T01:45")), utc("2026-04-04T14:45"));
});

test("months end where they end", () => {
  useZone("UTC");
  assert.equal(addMonths(utc("2026-01-31T10:00"), 1), utc("2026-02-28T10:00"));
  assert.equal(addMonths(utc("2026-03-31T10:00"), -1), utc("2026-02-28T10:00"));
  assert.equal(addMonths(utc("2024-02-29T10:00"), -12), utc("2023-02-28T10:00"));
});

const axis = (from, to, step) => timeSplits(utc(from), utc(to), step);

test("hour marks go through a day of 23 hours and one of 25", () => {
  useZone("Europe/Stockholm");
  const clocks = (from, to, step) => axis(from, to, step).map((t) => shown(t).slice(11, 16));
  assert.deepEqual(clocks("2026-03-28T23:00", "2026-03-29T03:00", HOUR), ["00:00", "01:00", "03:00", "04:00", "05:00"]);
  assert.deepEqual(clocks("2026-10-24T22:00", "2026-10-25T02:00", HOUR), ["00:00", "01:00", "02:00", "02:00", "03:00"]);
  assert.deepEqual(clocks("2026-10-24T22:00", "2026-10-25T23:00", 6 * HOUR), ["00:00", "06:00", "12:00", "18:00", "00:00"]);
  assert.deepEqual(clocks("2026-03-28T23:00", "2026-03-29T22:00", 2 * HOUR).slice(0, 3), ["00:00", "04:00", "06:00"]);
});

test("day marks stand at midnights on both sides of a change", () => {
  useZone("Europe/Stockholm");
  const marks = axis("2026-10-23T00:00", "2026-10-28T00:00", DAY);
  assert.deepEqual(
    marks.map((t) => shown(t)),
    ["2026-10-24", "2026-10-25", "2026-10-26", "2026-10-27", "2026-10-28"].map((day) => `${day}T00:00:00`),
  );
});

test("weeks begin on Mondays, months on their first", () => {
  useZone("UTC");
  const dates = (...span) => axis(...span).map((t) => shown(t).slice(0, 10));
  assert.deepEqual(dates("2026-06-01T00:00", "2026-06-20T00:00", 7 * DAY), ["2026-06-01", "2026-06-08", "2026-06-15"]);
  assert.deepEqual(dates("2026-01-15T00:00", "2026-04-15T00:00", 30 * DAY), ["2026-02-01", "2026-03-01", "2026-04-01"]);
  assert.deepEqual(dates("2025-11-15T00:00", "2026-08-15T00:00", 90 * DAY), ["2026-01-01", "2026-04-01", "2026-07-01"]);
  assert.deepEqual(dates("2025-11-15T00:00", "2028-08-15T00:00", 365 * DAY), ["2026-01-01", "2027-01-01", "2028-01-01"]);
});

test("marks of seconds and less are multiples of the step", () => {
  useZone("UTC");
  assert.deepEqual(axis("2026-06-01T00:00:00.100", "2026-06-01T00:00:01.000", 500).map((t) => t % 1_000), [500, 0]);
  assert.deepEqual(timeLabels(axis("2026-06-01T10:00:00.100", "2026-06-01T10:00:01.000", 500), 500), [
    "10:00:00.500",
    "10:00:01.000",
  ]);
});

test("midnights are labelled with their date, years with their number", () => {
  useZone("UTC");
  assert.deepEqual(timeLabels(axis("2026-06-01T18:00", "2026-06-02T06:00", 6 * HOUR), 6 * HOUR), [
    "18:00",
    "Jun 2",
    "06:00",
  ]);
  assert.deepEqual(timeLabels(axis("2025-11-15T00:00", "2026-03-15T00:00", 30 * DAY), 30 * DAY), [
    "Dec",
    "2026",
    "Feb",
    "Mar",
  ]);
});
