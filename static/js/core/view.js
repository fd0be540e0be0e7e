/**
 * What span of time the charts show: the last `range` ms, moving on, or a fixed zoom. And what of a series has to be
 * fetched for that.
 */
import { POINTS } from "telltale/core/series.js";

export const RANGES = [
  ["5 m", 300_000],
  ["15 m", 900_000],
  ["1 h", 3_600_000],
  ["6 h", 21_600_000],
  ["24 h", 86_400_000],
];
/** A zoom shows at least this much. */
const SHORTEST = 1_000;
/** A chart wants at least this many rows in what it shows, if there are so many. */
const FINE = 400;
/** Readings may be this far ahead of the server's clock (its `future_tolerance` by default), and some more. */
const AHEAD = 600_000;

export class View {
  range = 3_600_000;
  zoom = null;

  get live() {
    return this.zoom === null;
  }

  show(range) {
    this.range = range;
    this.zoom = null;
  }

  zoomTo(from, to) {
    const middle = (from + to) / 2;
    const half = Math.max(to - from, SHORTEST) / 2;
    this.zoom = { from: Math.floor(middle - half), to: Math.ceil(middle + half) };
  }

  reset() {
    this.zoom = null;
  }

  span(now) {
    return this.zoom ?? { from: now - this.range, to: now };
  }
}

/** The stretch of a series that the view shows. */
export function stretchOf(series, view) {
  const { zoom } = view;
  const { detail } = series;
  return zoom && detail && detail.from === zoom.from && detail.to === zoom.to ? detail : series.main;
}

/** What to fetch so that the view can show the series: {main, from, to, points}, or null. */
export function wanted(series, view, now) {
  if (!series.loaded || series.range < view.range || coarse(series.main, view.range, series.range)) {
    return { main: true, from: Math.floor(now - view.range), to: Math.ceil(now + AHEAD), points: series.points };
  }
  const { zoom } = view;
  if (!zoom || stretchOf(series, view) === series.detail) return null;
  if (series.main.from <= zoom.from && !coarse(series.main, zoom.to - zoom.from, series.range)) return null;
  return { main: false, from: zoom.from, to: zoom.to, points: POINTS };
}

function coarse(stretch, span, loaded) {
  return span < loaded && stretch.resolution > span / FINE;
}
