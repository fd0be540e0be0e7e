/** The time zone in the corner of a chart, between its axes: what the times below it mean. */
import { chosenZone, offsetName } from "telltale/core/zone.js";
import { colour } from "telltale/theme.js";

/** Charts lower than this (pixels) name the zone only if it is not the browser's own. */
const ROOM = 180;

export function drawZone(plot) {
  if (!chosenZone() && plot.height < ROOM) return;
  const { ctx, bbox } = plot;
  const pixel = devicePixelRatio;
  ctx.save();
  ctx.font = `${10 * pixel}px system-ui, sans-serif`;
  ctx.fillStyle = colour("--ink-3");
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  ctx.fillText(offsetName(plot.scales.x.max ?? 0), 0, bbox.top + bbox.height + 5 * pixel);
  ctx.restore();
}
