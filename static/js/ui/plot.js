/** How uPlot draws a series: one line, a band from lowest to highest where there are buckets, breaks where gaps are. */
import { breaks } from "telltale/core/interval.js";
import { decimalsOf, formatNumber, formatTime } from "telltale/core/format.js";
import { colour } from "telltale/theme.js";
import { drawMarks, pointedMarks } from "telltale/ui/marks.js";

const AXIS = "11px system-ui, sans-serif";
/** With fewer points than one in this many pixels, each is marked. */
const SPARSE = 14;
/** A pointer this close (pixels) means the point. */
const NEAR = 12;
/** The series of the values; those after it are the edges of the band. */
const VALUE = 1;
const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 4, 6, 12, 24, 48, 96, 192].map((n) => n * HOUR),
];

function broken(plot, first, last) {
  const { stretch } = plot;
  if (!stretch) return [];
  const { interval, resolution, rawFrom } = stretch;
  return breaks(plot.data[0], first, last, { interval, resolution, rawFrom });
}

/** The gaps as pixels from, to: nothing is drawn between them. */
function gaps(plot, _series, first, last) {
  const x = (index) => Math.round(plot.valToPos(plot.data[0][index], "x", true));
  return broken(plot, first, last).map((index) => [x(index - 1), x(index)]);
}

/** Which points get a mark: all when they are few, else those that stand alone between gaps, and the newest. */
function marks(plot) {
  const [times] = plot.data;
  if (!times.length) return [];
  const [first, last] = plot.series[0].idxs;
  if (last - first < plot.bbox.width / devicePixelRatio / SPARSE) return span(first, last);
  const edges = new Set(broken(plot, Math.max(0, first - 1), Math.min(times.length - 1, last + 1)));
  if (first === 0) edges.add(0);
  const alone = [...edges].filter((index) => index <= last && edges.has(index + 1));
  if (last === times.length - 1) alone.push(last);
  return alone;
}

const span = (first, last) => Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);

/** The point under the pointer, if there is one near: none is named across a gap or beyond the end of the line. */
function pointed(plot, series, index, x) {
  if (series > VALUE) return null;
  const t = plot.data[0][index];
  if (t === undefined) return null;
  const pixels = Math.abs(plot.valToPos(t, "x") - plot.valToPos(x, "x"));
  return pixels <= NEAR || Math.abs(t - x) <= (plot.stretch?.interval ?? 0) ? index : null;
}

function valueRange(plot, min, max) {
  if (plot.boolean) return [-0.15, 1.15];
  if (min === null || max === null) return [0, 1];
  if (min === max) {
    const pad = Math.abs(min) * 0.05 || 1;
    return [min - pad, max + pad];
  }
  return uPlot.rangeNum(min, max, { min: { pad: 0.08, soft: 0, mode: 3 }, max: { pad: 0.08, soft: 0, mode: 3 } });
}

function valueLabels(plot, splits, _axis, _space, step) {
  if (plot.boolean) return splits.map((split) => (split === 0 ? "off" : split === 1 ? "on" : ""));
  return splits.map((split) => (Math.abs(split) >= 10_000 ? short(split) : label(split, step)));
}

/** As wide as the longest label; most charts get the same. */
function axisWidth(_plot, labels) {
  const longest = Math.max(0, ...(labels ?? []).map((text) => text.length));
  return Math.max(46, 12 + 6.5 * longest);
}

const short = (value) =>
  new Intl.NumberFormat(undefined, { notation: "compact", maximumSignificantDigits: 4 }).format(value);

function label(value, step) {
  const digits = step > 0 ? decimalsOf(Number(step.toPrecision(6))) : 0;
  if (digits > 6) return formatNumber(value);
  return value.toLocaleString(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function timeLabels(_plot, splits, _axis, _space, step) {
  return splits.map((t) => formatTime(t, { seconds: step < MINUTE, milliseconds: step < SECOND }));
}

/** Multiples of the step in local time, so that hours stand at full hours everywhere. */
function timeSplits(_plot, _axis, min, max, step) {
  const shift = new Date(min).getTimezoneOffset() * MINUTE;
  const found = [];
  for (let t = Math.ceil((min - shift) / step) * step + shift; t <= max; t += step) found.push(t);
  return found;
}

/** Steps of a boolean hold until the next reading; numbers are joined by lines. */
function paths() {
  const line = uPlot.paths.linear();
  const steps = uPlot.paths.stepped({ align: 1 });
  return (plot, ...rest) => (plot.boolean ? steps : line)(plot, ...rest);
}

/** The options of one chart; `zoom(from, to)`, `live()` and `hover(t, value, notes)` are called back. */
export function options({ width, height, colour: name, zoom, live, hover }) {
  const line = () => colour(`--series-${name}`);
  const fill = () => colour(`--series-${name}-soft`);
  const axis = { font: AXIS, stroke: () => colour("--ink-3"), ticks: { show: false } };
  const grid = { stroke: () => colour("--grid"), width: 1 };
  const edge = { stroke: null, width: 0, points: { show: false }, paths: paths(), gaps };
  return {
    width,
    height,
    ms: 1,
    legend: { show: false },
    padding: [6, 8, 0, 0],
    cursor: {
      y: false,
      dataIdx: pointed,
      drag: { x: true, y: false, setScale: false, dist: 5 },
      points: { size: 7, fill: line },
      sync: { key: "time", filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
      bind: {
        dblclick: () => () => {
          live();
          return null;
        },
      },
    },
    scales: { x: { time: true }, y: { range: valueRange } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 20,
        gap: 4,
        space: 64,
        incrs: STEPS,
        splits: timeSplits,
        values: timeLabels,
      },
      { ...axis, grid, size: axisWidth, gap: 6, space: 22, values: valueLabels, splits: booleanSplits },
    ],
    series: [
      {},
      {
        stroke: line,
        width: 1.5,
        fill: (plot) => (plot.boolean ? fill() : null),
        fillTo: 0,
        paths: paths(),
        gaps,
        points: { show: false, size: 4.5, fill: line, stroke: null, width: 0, filter: marks },
      },
      { ...edge },
      { ...edge },
    ],
    bands: [{ series: [3, 2], fill }],
    hooks: {
      drawAxes: [drawMarks],
      setSelect: [
        (plot) => {
          const { left, width: wide } = plot.select;
          if (wide <= 0) return;
          const [from, to] = [plot.posToVal(left, "x"), plot.posToVal(left + wide, "x")];
          plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          zoom(from, to);
        },
      ],
      setCursor: [
        (plot) => {
          const { idxs, left } = plot.cursor;
          const index = left >= 0 ? (idxs?.[1] ?? null) : null;
          const [t, value] = index === null ? [null, null] : [plot.data[0][index], plot.data[1][index]];
          hover(t, value, pointedMarks(plot));
        },
      ],
    },
  };
}

function booleanSplits(plot, index, min, max, step, space) {
  return plot.boolean ? [0, 1] : numericSplits(plot, index, min, max, step, space);
}

function numericSplits(_plot, _index, min, max, step) {
  const found = [];
  for (let n = Math.ceil(min / step); n * step <= max; n += 1) found.push(Number((n * step).toPrecision(12)));
  return found;
}
