/** Annotations on a chart: a dashed line with a flag, a tint where they last; and which is pointed at. */
import { under } from "telltale/core/annotations.js";
import { colour } from "telltale/theme.js";

/** Pixels around a line in which a pointer, or a finger, means it. */
const NEAR = 8;
const FLAG = 7;
const DASH = [3, 3];

/** Draws `plot.notes` over the grid and below the line. */
export function drawMarks(plot) {
  const { notes, ctx, bbox } = plot;
  if (!notes?.length) return;
  const pixel = devicePixelRatio;
  const position = (t) => Math.round(plot.valToPos(t, "x", true));
  const right = bbox.left + bbox.width;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = pixel;
  ctx.setLineDash(DASH.map((length) => length * pixel));
  ctx.strokeStyle = ctx.fillStyle = colour("--note");
  for (const { from, to } of notes) {
    const x = position(from);
    if (to !== null) {
      const left = Math.max(x, bbox.left);
      ctx.globalAlpha = 0.12;
      ctx.fillRect(left, bbox.top, Math.max(pixel, Math.min(position(to), right) - left), bbox.height);
      ctx.globalAlpha = 1;
    }
    line(ctx, x, bbox);
    flag(ctx, x, bbox.top, FLAG * pixel);
  }
  ctx.restore();
}

function line(ctx, x, { top, height }) {
  ctx.beginPath();
  ctx.moveTo(x + 0.5, top);
  ctx.lineTo(x + 0.5, top + height);
  ctx.stroke();
}

function flag(ctx, x, top, size) {
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x + size, top + size / 2);
  ctx.lineTo(x, top + size);
  ctx.fill();
}

/** The annotations under the pointer. */
export function pointedMarks(plot) {
  const { left } = plot.cursor;
  if (!plot.notes?.length || left < 0) return [];
  return under(plot.notes, (t) => plot.valToPos(t, "x"), left, NEAR);
}
