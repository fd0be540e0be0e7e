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

/** What people see whose eyes lack one kind of cones, on linear RGB (Machado, Oliveira and Fernandes 2009, severity 1). */
const EYES = {
  usual: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

function seen(hex, eyes) {
  const light = [1, 3, 5].map((at) => channel(parseInt(hex.slice(at, at + 2), 16) / 255));
  return [0, 3, 6].map((row) => Math.min(1, Math.max(0, light.reduce((sum, one, i) => sum + one * eyes[row + i], 0))));
}

/** CIE L*a*b* of linear sRGB (D65). */
function lab([r, g, b]) {
  const f = (t) => (t > 216 / 24_389 ? Math.cbrt(t) : ((24_389 / 27) * t + 16) / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

for (const [theme, name] of ["light", "dark"].entries()) {
  for (const [kind, eyes] of Object.entries(EYES)) {
    test(`no two series look alike, ${name}, ${kind}`, () => {
      const all = [1, 2, 3, 4, 5, 6].map((i) => lab(seen(tokens[`series-${i}`][theme], eyes)));
      for (let i = 0; i < 6; i += 1) {
        for (let j = i + 1; j < 6; j += 1) {
          const difference = Math.hypot(...all[i].map((one, at) => one - all[j][at]));
          assert.ok(difference >= 13, `series-${i + 1} and series-${j + 1}: ${difference.toFixed(1)}`);
        }
      }
    });
  }

  test(`edges of fields and notes have a contrast of 3 or more, ${name}`, () => {
    for (const token of ["edge", "note", "accent"]) {
      for (const ground of ["card", "page"])
        assert.ok(contrast(tokens[token][theme], tokens[ground][theme]) >= 3, `${token} on ${ground}`);
    }
  });
}
