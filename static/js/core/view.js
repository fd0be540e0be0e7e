/**
 * What span of time the charts show. Three modes: "live" (the last `range` ms, moving on), "paused" (the same, standing
 * still at `held`) and "history" (a fixed `zoom`). And what of a series has to be fetched for that. Times in ms.
 */
import { POINTS } from "telltale/core/series.js";

export const RANGES = [
  ["5 m", 300_000],
  ["15 m", 900_000],
  ["1 h", 3_600_000],
  ["6 h", 21_600_000],
  ["24 h", 86_400_000],
  ["7 d", 604_800_000],
  ["30 d", 2_592_000_000],
];
/** The range of a page that names none. */
export const USUAL = 3_600_000;
/** A span is at least and at most this long. */
export const SHORTEST = 1_000;
export const LONGEST = 20 * 365 * 86_400_000;
/** A chart wants at least this many rows in what it shows, if there are so many. */
const FINE = 400;
/** Readings may be this far ahead of the server's clock (its `future_tolerance` by default), and some more. */
const AHEAD = 600_000;
/** What is fetched beside a fixed span, in spans, so that it can be moved without a wait. */
const MARGIN = 0.5;

export class View {
  range = USUAL;
  zoom = null;
  held = null;

  get mode() {
    if (this.zoom) return "history";
    return this.held === null ? "live" : "paused";
  }

  get live() {
    return this.mode === "live";
  }

  /** The span that stands still, or null. */
  get fixed() {
    if (this.zoom) return this.zoom;
    return this.held === null ? null : { from: this.held - this.range, to: this.held };
  }

  /** Live, for `range` ms back. */
  show(range) {
    this.range = Math.min(Math.max(range, SHORTEST), LONGEST);
    this.reset();
  }

  zoomTo(from, to) {
    const length = Math.round(Math.min(Math.max(to - from, SHORTEST), LONGEST));
    const begin = Math.round((from + to - length) / 2);
    this.zoom = { from: begin, to: begin + length };
    this.held = null;
  }

  /** Stand still at `now`; a zoom does already. */
  hold(now) {
    if (!this.zoom) this.held = now;
  }

  /** Back to live. */
  reset() {
    this.zoom = null;
    this.held = null;
  }

  /** Move by `by` ms, not beyond `now`. */
  shift(by, now) {
    const { from, to } = this.span(now);
    const step = Math.min(by, Math.max(0, now - to));
    this.zoomTo(from + step, to + step);
  }

  /** Make the span `factor` times as long, around `at`, not beyond `now`. */
  scale(factor, now, at = null) {
    const { from, to } = this.span(now);
    const length = Math.min(Math.max((to - from) * factor, SHORTEST), LONGEST);
    const point = at ?? (from + to) / 2;
    const begin = point - ((point - from) / (to - from)) * length;
    const over = Math.max(0, begin + length - Math.max(now, to));
    this.zoomTo(begin - over, begin + length - over);
  }

  span(now) {
    return this.fixed ?? { from: now - this.range, to: now };
  }
}

/** The stretch of a series that the view shows. */
export function stretchOf(series, view) {
  const { main, detail } = series;
  const span = view.fixed;
  if (!span || detail === null || serves(main, span, series.range)) return main;
  if (covers(detail, span)) return detail;
  return covers(main, span) || detail.to <= span.from || detail.from >= span.to ? main : detail;
}

/** What to fetch so that the view can show the series: {main, from, to, points}, or null. */
export function wanted(series, view, now) {
  if (!series.loaded || series.range < view.range || coarse(series.main, view.range, series.range)) {
    return { main: true, from: Math.floor(now - view.range), to: Math.ceil(now + AHEAD), points: series.points };
  }
  const span = view.fixed;
  if (!span || serves(series.main, span, series.range)) return null;
  if (series.detail && serves(series.detail, span, series.detail.asked)) return null;
  const length = span.to - span.from;
  const [from, to] = [span.from - MARGIN * length, span.to + MARGIN * length];
  return { main: false, from: Math.floor(from), to: Math.ceil(to), points: POINTS, asked: length };
}

const covers = (stretch, { from, to }) => stretch.from <= from && to <= stretch.to;
const serves = (stretch, span, loaded) => covers(stretch, span) && !coarse(stretch, span.to - span.from, loaded);

function coarse(stretch, span, loaded) {
  return span < loaded && stretch.resolution > span / FINE;
}
