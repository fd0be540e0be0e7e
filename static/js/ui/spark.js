/** Draws a sparkline on a canvas: the band from lowest to highest, the line, dots where a reading stands alone. */
import { extent, share } from "telltale/core/spark.js";
import { colour } from "telltale/theme.js";

const LINE = 1.5;
const DOT = 2;

/** `size` is {width, height} in CSS pixels; `look` has colour (1…), and low and high where they are fixed. */
export function drawSpark(canvas, size, columns, { now, range, look, boolean }) {
  const scale = devicePixelRatio;
  const width = Math.round(size.width * scale);
  const height = Math.round(size.height * scale);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const ctx = canvas.getContext("2d");
  ctx.clearRect(0, 0, width, height);
  const found = extent(columns);
  if (!found) return;
  const [least, most] = boolean ? [0, 1] : limits(found, look);
  const pad = (DOT + 1) * scale;
  const x = (t) => width - pad - ((now - t) / range) * (width - 2 * pad);
  const y = (v) => height - pad - Math.min(Math.max(share(v, least, most), 0), 1) * (height - 2 * pad);
  const pen = { ctx, x, y, scale, columns };
  ctx.lineWidth = LINE * scale;
  ctx.lineJoin = "round";
  ctx.strokeStyle = colour(`--series-${look.colour}`);
  ctx.fillStyle = colour(`--series-${look.colour}-soft`);
  for (const [first, last] of runs(columns)) {
    if (boolean) steps(pen, first, last, height - pad);
    else band(pen, first, last);
  }
  if (!boolean) newest(pen);
}

function limits([least, most], look) {
  const low = look.low ?? least;
  const high = look.high ?? most;
  return high > low ? [low, high] : [least, most];
}

/** [first, last] of each stretch without a gap. */
function runs({ t, gaps }) {
  const starts = [0, ...gaps];
  return starts.map((first, n) => [first, (starts[n + 1] ?? t.length) - 1]);
}

function band({ ctx, x, y, scale, columns: { t, low, high, last: values } }, first, last) {
  if (first === last) {
    dot(ctx, x(t[first]), y(values[first]), DOT * scale);
    return;
  }
  ctx.beginPath();
  for (let i = first; i <= last; i += 1) ctx.lineTo(x(t[i]), y(high[i]));
  for (let i = last; i >= first; i -= 1) ctx.lineTo(x(t[i]), y(low[i]));
  ctx.fill();
  ctx.beginPath();
  for (let i = first; i <= last; i += 1) ctx.lineTo(x(t[i]), y(values[i]));
  ctx.stroke();
}

/** On and off: filled while on; a bucket with both is half of it. */
function steps({ ctx, x, y, scale, columns: { t, last: values } }, first, last, bottom) {
  ctx.beginPath();
  for (let i = first; i <= last; i += 1) {
    if (i > first) ctx.lineTo(x(t[i]), y(values[i - 1]));
    ctx.lineTo(x(t[i]), y(values[i]));
  }
  ctx.stroke();
  if (first === last) dot(ctx, x(t[first]), y(values[first]), DOT * scale);
  ctx.lineTo(x(t[last]), bottom);
  ctx.lineTo(x(t[first]), bottom);
  ctx.fill();
}

function newest({ ctx, x, y, scale, columns: { t, last } }) {
  dot(ctx, x(t.at(-1)), y(last.at(-1)), DOT * scale);
}

function dot(ctx, x, y, radius) {
  const fill = ctx.fillStyle;
  ctx.fillStyle = ctx.strokeStyle;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
  ctx.fillStyle = fill;
}
