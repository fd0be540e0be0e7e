/** Draws the texts of a tile over time: a box for each state, with its name where there is room. */
import { colour } from "telltale/theme.js";

const COLOURS = 6;
const FONT = 11;
const PAD = 5;
/** The narrowest box that has a name, and the edge at the left of each, in CSS pixels. */
const NAMED = 28;
const EDGE = 2;
const SOFT = 0.22;

/** The colour of each text: the tile's own for the one that holds now, the next ones for those before it. */
function coloursOf(boxes, first) {
  const found = new Map();
  for (const { value } of boxes.toReversed()) {
    if (!found.has(value)) found.set(value, 1 + ((first - 1 + found.size) % COLOURS));
  }
  return found;
}

/** `size` is {width, height} in CSS pixels, `boxes` [{from, to, value}] in ms. */
export function drawTimeline(canvas, size, boxes, { now, range, colour: own }) {
  const scale = devicePixelRatio;
  const [width, height] = [size.width, size.height].map((one) => Math.round(one * scale));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const ctx = canvas.getContext("2d");
  ctx.setTransform(scale, 0, 0, scale, 0, 0);
  ctx.clearRect(0, 0, size.width, size.height);
  ctx.font = `${FONT}px system-ui, sans-serif`;
  ctx.textBaseline = "middle";
  const x = (t) => size.width - ((now - t) / range) * size.width;
  const colours = coloursOf(boxes, own);
  for (const { from, to, value } of boxes) {
    const left = Math.min(x(from), size.width - EDGE); // what has just begun is seen at once
    const wide = Math.max(1, x(to) - left);
    ctx.fillStyle = colour(`--series-${colours.get(value)}`);
    ctx.globalAlpha = SOFT;
    ctx.fillRect(left, 0, wide, size.height);
    ctx.globalAlpha = 1;
    ctx.fillRect(left, 0, Math.min(EDGE, wide), size.height);
    if (wide < NAMED || size.height < FONT) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, 0, wide - 2, size.height);
    ctx.clip();
    ctx.fillStyle = colour("--ink");
    ctx.fillText(value, left + PAD, size.height / 2);
    ctx.restore();
  }
}
