import assert from "node:assert/strict";
import { test } from "node:test";
import {
  backups,
  figures,
  findings,
  forecast,
  formatBytes,
  formatKept,
  rules,
  usage,
} from "../../static/js/core/storage.js";

const NOW = new Date(2026, 0, 15, 14, 3, 27).getTime();
const DAY = 86_400_000;
const GIB = 2 ** 30;

const storage = (more = {}) => ({
  files: { database: 2 * GIB, wal: 4 << 20, reserve: 16 << 20, total: 2 * GIB + (20 << 20) },
  quota: null,
  disk_free: 6 * GIB,
  live: 1.5 * GIB,
  readings: { journalled: 1100, stored: 1000, duplicate: 40, deleted: 50, unsealed: 10 },
  sealed_until: NOW - 90_000,
  oldest: NOW - 100 * DAY,
  rates: { readings_per_day: 8_640_000, stored_bytes_per_day: 20 << 20, written_bytes_per_day: 1.27 * GIB },
  full_on: NOW + 300 * DAY,
  ...more,
});
const unknown = { readings_per_day: null, stored_bytes_per_day: null, written_bytes_per_day: null };
const found = (one) => Object.fromEntries(figures(one, NOW).map(([name, text]) => [name, text]));

test("sizes have at most one decimal and never 1024 of a unit", () => {
  const sizes = [0, 1023, 1024, 1536, 1023.9 * 1024, 1024 * 1024 - 1, 150 * 2 ** 20, 2.5 * GIB, 5000 * 2 ** 40];
  assert.deepEqual(sizes.map(formatBytes), [
    "0 B",
    "1,023 B",
    "1.0 KiB",
    "1.5 KiB",
    "1.0 MiB",
    "1.0 MiB",
    "150 MiB",
    "2.5 GiB",
    "5,000 TiB",
  ]);
});

test("ages of retention are whole numbers of the longest unit that fits", () => {
  const ages = [null, 365 * DAY, 730 * DAY, 14 * DAY, 90 * DAY, DAY, 36 * 3_600_000, 60_000, 90_000, 1_000];
  assert.deepEqual(ages.map(formatKept), [
    "for ever",
    "1 year",
    "2 years",
    "2 weeks",
    "90 days",
    "1 day",
    "36 hours",
    "1 minute",
    "90 seconds",
    "1 second",
  ]);
});

test("the room is the quota, or what the disk leaves", () => {
  const free = usage(storage());
  assert.equal(free.room, storage().files.total + 6 * GIB);
  assert.match(free.text, /^2\.0 GiB of 8\.0 GiB that the disk has for it$/);
  const tight = usage(storage({ quota: 2 * GIB }));
  assert.deepEqual([tight.share, tight.tight, free.tight], [1, true, false]);
  assert.match(tight.text, /of the quota$/);
  assert.equal(usage(storage({ quota: 0 })).share, 1);
});

test("the forecast says what happens when, or why it cannot", () => {
  assert.match(forecast(storage(), NOW), /the disk is full on .*2026.*, in 300 d\.$/);
  assert.match(forecast(storage({ quota: GIB, full_on: NOW - 5 }), NOW), /the quota is reached.*, now\.$/);
  assert.equal(forecast(storage({ full_on: null }), NOW), "At this rate the room lasts.");
  assert.match(forecast(storage({ rates: unknown, full_on: null }), NOW), /needs some hours/);
});

test("figures are there before anything is known", () => {
  const full = found(storage());
  assert.equal(full["Readings kept"], "1,010");
  assert.ok(!("Lost" in full));
  assert.equal(found(storage({ readings: { ...storage().readings, lost: 7 } })).Lost, "7");
  assert.equal(full.Arriving, "8,640,000 readings a day");
  assert.equal(full.Written, "1.3 GiB a day");
  assert.equal(full["Not sealed yet"], "10 readings, the last 1 min");
  const readings = { journalled: 0, stored: 0, duplicate: 0, deleted: 0, unsealed: 0 };
  const empty = found(storage({ readings, sealed_until: null, oldest: null, rates: unknown }));
  assert.deepEqual([empty.Oldest, empty.Arriving, empty["Not sealed yet"]], ["none", "not known yet", "none"]);
});

test("backups: none planned, planned, made, failed", () => {
  const state = (more) => backups({ last: null, file: null, error: null, next: null, ...more }, NOW);
  assert.deepEqual(state({}).state, "none");
  assert.match(state({ next: NOW + DAY }).text, /^None yet\. The next is due/);
  assert.match(state({ last: NOW - 3_600_000, file: "b.db" }).text, /^Made 1 h ago, as b\.db\.$/);
  assert.deepEqual(
    [state({ last: 1, error: "no room" }).state, state({ error: "no room" }).text],
    ["bad", "The last backup failed: no room."],
  );
});

test("rules of retention are a row each", () => {
  const rule = {
    pattern: "boiler/*",
    raw: 90 * DAY,
    rollup_1m: DAY,
    rollup_15m: null,
    rollup_1h: null,
    rollup_1d: null,
  };
  assert.deepEqual(rules([rule]), [["boiler/*", "90 days", "1 day", "for ever", "for ever", "for ever"]]);
});

test("findings say what was damaged, and whether someone has seen it", () => {
  const found = [
    { id: 2, time: 20, kind: "file", place: "/data/damaged-1", acknowledged: null },
    { id: 1, time: 10, kind: "row", place: "chunk_data", acknowledged: 15 },
  ];
  assert.deepEqual(findings({ damaged: true, found, count: 2, salvage: null }), [
    [20, "the database, put aside in /data/damaged-1", false],
    [10, "a row of chunk_data", true],
  ]);
});
