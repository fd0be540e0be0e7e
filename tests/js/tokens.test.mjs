import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("../../static/css/tokens.css", import.meta.url), "utf8");
const tokens = Object.fromEntries(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w+), (#\w+)\)/g)].map(([, name, light, dark]) => [name, [light, dark]]),
);
const channel = (hex) => (hex <= 0.04045 ? hex / 12.92 : ((hex + 0.055) / 1.055) ** 2.4);

function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => channel(parseInt(hex.slice(at, at + 2), 16) / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

for (const [theme, name] of ["light", "dark"].entries()) {
  const of = (token) => tokens[token][theme];

  test(`every line has a contrast of 3 or more on a card and on the page, ${name}`, () => {
    for (let i = 1; i <= 6; i += 1) {
      for (const ground of ["card", "page"])
        assert.ok(contrast(of(`series-${i}`), of(ground)) >= 3, `series-${i} on ${ground}`);
    }
  });

  test(`every text has a contrast of 4.5 or more, ${name}`, () => {
    for (const ink of ["ink", "ink-2", "ink-3", "good", "warn", "bad", "accent"]) {
      for (const ground of ["card", "page"]) assert.ok(contrast(of(ink), of(ground)) >= 4.5, `${ink} on ${ground}`);
    }
    for (const [ink, ground] of [
      ["on-accent", "accent"],
      ["accent", "accent-soft"],
      ["ink", "bad-soft"],
      ["bad", "bad-soft"],
      ["warn", "warn-soft"],
      ["ink", "sunk"],
      ["ink-2", "sunk"],
      ["good", "sunk"],
    ]) {
      assert.ok(contrast(of(ink), of(ground)) >= 4.5, `${ink} on ${ground}`);
    }
  });
}
