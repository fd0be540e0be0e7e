import assert from "node:assert/strict";
import { test } from "node:test";
import { Ghost } from "../../static/js/core/ghost.js";
import { Series } from "../../static/js/core/series.js";

const DAY = 86_400_000;
const NOW = 1_700_000_000_000;
const settled = () => new Promise((done) => setImmediate(done));

test("what was a day before stands at the times of today, fetched once with room to move", async () => {
  const asked = [];
  const ghost = new Ghost(
    new Series("a/b", "a", "b"),
    (t) => t - DAY,
    async (...query) => {
      asked.push(query);
      return { resolution: "raw", t: [NOW - DAY - 500], v: [7] };
    },
  );
  let told = 0;
  const end = ghost.watch(() => {
    told += 1;
  });
  const span = { from: NOW - 1_000, to: NOW };
  assert.equal(ghost.stretch(span).columns.length, 0);
  await settled();
  assert.deepEqual([told, asked], [1, [["a/b", NOW - DAY - 1_500, NOW - DAY + 500, 3_700]]]);
  assert.deepEqual(Array.from(ghost.stretch(span).columns.t), [NOW - 500]);
  ghost.stretch({ from: NOW - 800, to: NOW + 200 });
  assert.equal(asked.length, 1);
  end();
  ghost.stretch({ from: NOW, to: NOW + 1_000 });
  await settled();
  assert.deepEqual([asked.length, told], [2, 1]);
});

test("a closer look is fetched anew only where there are buckets; nothing there is nothing", async () => {
  let asked = 0;
  const ghost = new Ghost(
    new Series("a/b", "a", "b"),
    (t) => t - DAY,
    async () => {
      asked += 1;
      return asked === 1 ? { resolution: 10, t: [NOW - DAY], min: [1], max: [3], avg: [2] } : null;
    },
  );
  for (const length of [9_000, 8_000, 1_000]) {
    ghost.stretch({ from: NOW - length, to: NOW });
    await settled();
  }
  assert.equal(asked, 2);
  assert.equal(ghost.stretch({ from: NOW - 1_000, to: NOW }).columns.length, 0);
});
