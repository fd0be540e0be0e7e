/** Thresholds on a chart: a dashed line with its number, and a tint on the side where values break it. */
import { formatNumber } from "telltale/core/format.js";
import { textSize } from "telltale/wall.js";
import { colour } from "telltale/theme.js";

const DASH = [6, 4];
const TINT = 0.07;
const FONT = "11px system-ui, sans-serif";

/** Draws `plot.limits` ([{value, above, scale}]) below the lines. */
export function drawLimits(plot) {
  const { limits, ctx, bbox } = plot;
  if (!limits?.length) return;
  const pixel = devicePixelRatio;
  const [top, bottom] = [bbox.top, bbox.top + bbox.height];
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.strokeStyle = ctx.fillStyle = colour("--bad");
  ctx.lineWidth = pixel;
  ctx.setLineDash(DASH.map((length) => length * pixel));
  ctx.font = FONT.replace("11", String(textSize(11) * pixel));
  ctx.textAlign = "right";
  for (const { value, above, scale } of limits) {
    const y = Math.round(plot.valToPos(value, scale, true));
    ctx.globalAlpha = TINT;
    ctx.fillRect(bbox.left, above ? top : y, bbox.width, above ? y - top : bottom - y);
    ctx.globalAlpha = 1;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y + 0.5);
    ctx.lineTo(bbox.left + bbox.width, y + 0.5);
    ctx.stroke();
  }
  ctx.restore();
}

/** Names them, above the lines. */
export function nameLimits(plot) {
  const { limits, ctx, bbox } = plot;
  if (!limits?.length) return;
  const pixel = devicePixelRatio;
  ctx.save();
  ctx.font = FONT.replace("11", String(11 * pixel));
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  for (const { value, above, scale } of limits) {
    const y = Math.round(plot.valToPos(value, scale, true));
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    const text = `${above ? ">" : "<"} ${formatNumber(value)}`;
    const [left, wide] = [bbox.left + 6 * pixel, ctx.measureText(text).width + 8 * pixel];
    ctx.fillStyle = colour("--card");
    ctx.fillRect(left, y - 8 * pixel, wide, 16 * pixel);
    ctx.fillStyle = ctx.strokeStyle = colour("--bad");
    ctx.lineWidth = pixel;
    ctx.strokeRect(left, y - 8 * pixel, wide, 16 * pixel);
    ctx.fillText(text, left + 4 * pixel, y);
  }
  ctx.restore();
}
