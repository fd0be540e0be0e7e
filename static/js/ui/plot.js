/**
 * How uPlot draws lines: each with a band from lowest to highest where there are buckets, breaks where gaps are, and
 * one axis a unit. A plot has `lines` ([{stretch, scale, colour, …}]), and `notes`, `limits`, `boolean` beside them.
 */
import { STEPS, timeLabels, timeSplits } from "telltale/core/axis.js";
import { lowerBound } from "telltale/core/columns.js";
import { decimalsOf, formatNumber } from "telltale/core/format.js";
import { breaks } from "telltale/core/interval.js";
import { axisOf, nearest, panels, WIDTH } from "telltale/core/lines.js";
import { locale, t } from "telltale/core/words.js";
import { colour } from "telltale/theme.js";
import { drawLimits, nameLimits } from "telltale/ui/limits.js";
import { textSize } from "telltale/wall.js";
import { drawMarks, pointedMarks } from "telltale/ui/marks.js";
import { band, STROKE, strokes } from "telltale/ui/strokes.js";
import { drawZone } from "telltale/ui/zone.js";

const LARGER = textSize(11) / 11;
const AXIS = `${11 * LARGER}px system-ui, sans-serif`;
/** With fewer points than one in this many pixels, each is marked. */
const SPARSE = 14;
/** A pointer this close (pixels) means the point. */
const NEAR = 12;
/** Dashes (pixels) that tell lines apart without their colours. */
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 2], [12, 5]];

/** The line of a series of uPlot's, and whether it is its value (not an edge of its band). */
const lineOf = (plot, index) => plot.lines?.[Math.floor((index - 1) / WIDTH)];
const isValue = (index) => (index - 1) % WIDTH === 0;

/** Where a line is broken in what is seen, as [t before, t after]. */
function broken(plot, stretch) {
  if (!stretch) return [];
  const { t: times } = stretch.columns;
  const { min, max } = plot.scales.x;
  const first = Math.max(0, lowerBound(times, min) - 1);
  const last = Math.min(times.length - 1, lowerBound(times, max));
  return breaks(times, first, last, stretch);
}

/** The gaps as pixels from, to: nothing is drawn between them. */
function gaps(plot, index) {
  const stretch = lineOf(plot, index)?.stretch;
  const x = (t) => Math.round(plot.valToPos(t, "x", true));
  return broken(plot, stretch).map((at) => [x(stretch.columns.t[at - 1]), x(stretch.columns.t[at])]);
}

/** Which points get a mark: all when they are few, else those that stand alone between gaps, and the newest. */
function marks(plot, index) {
  const line = lineOf(plot, index);
  const times = line?.stretch.columns.t ?? [];
  if (!times.length) return [];
  const { min, max } = plot.scales.x;
  const [first, last] = [lowerBound(times, min), lowerBound(times, max + 1) - 1];
  let found;
  if (last - first < plot.bbox.width / devicePixelRatio / SPARSE) {
    found = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  } else {
    const edges = new Set(broken(plot, line.stretch));
    if (first === 0) edges.add(0);
    found = [...edges].filter((at) => at <= last && edges.has(at + 1));
    if (last === times.length - 1 && !line.still) found.push(last);
  }
  return plot.lines.length === 1 ? found : found.map((at) => lowerBound(plot.data[0], times[at]));
}

/** The point of a line under the pointer, if one is near: none is named across a gap or beyond the end of the line. */
function pointed(plot, index, all, x) {
  if (index === 0) return all;
  const line = lineOf(plot, index);
  if (!isValue(index) || !line) return null;
  const times = line.stretch.columns.t;
  const at = nearest(times, x);
  if (at === null) return null;
  const pixels = Math.abs(plot.valToPos(times[at], "x") - plot.valToPos(x, "x"));
  if (pixels > NEAR && Math.abs(times[at] - x) > (line.stretch.interval ?? 0)) return null;
  return plot.lines.length === 1 ? at : lowerBound(plot.data[0], times[at]);
}

function valueRange(plot, lowest, highest, scale) {
  if (plot.boolean) return [-0.15, 1.15];
  const limits = (plot.limits ?? []).filter((one) => one.scale === scale).map(({ value }) => value);
  const known = lowest === null || highest === null ? limits : [lowest, highest, ...limits];
  if (!known.length) return [0, 1];
  const [min, max] = [Math.min(...known), Math.max(...known)];
  if (min === max) {
    const pad = Math.abs(min) * 0.05 || 1;
    return [min - pad, max + pad];
  }
  return uPlot.rangeNum(min, max, { min: { pad: 0.08, soft: 0, mode: 3 }, max: { pad: 0.08, soft: 0, mode: 3 } });
}

function valueLabels(plot, splits, _axis, _space, step) {
  if (plot.boolean) return splits.map((split) => (split === 0 ? t("off") : split === 1 ? t("on") : ""));
  return splits.map((split) => (Math.abs(split) >= 10_000 ? short(split) : label(split, step)));
}

/** As wide as the longest label; most charts get the same. */
function axisWidth(_plot, labels) {
  const longest = Math.max(0, ...(labels ?? []).map((text) => text.length));
  return LARGER * Math.max(46, 12 + 6.5 * longest);
}

/** 12K, 3.4M; what no word is short for has an exponent. */
const short = (value) =>
  Math.abs(value) >= 1e15
    ? formatNumber(value)
    : new Intl.NumberFormat(locale, { notation: "compact", maximumSignificantDigits: 4 }).format(value);

function label(value, step) {
  const digits = step > 0 ? decimalsOf(Number(step.toPrecision(6))) : 0;
  if (digits > 6) return formatNumber(value);
  return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Steps of a boolean hold until the next reading; numbers are joined by lines, broken at gaps. */
function paths() {
  const steps = uPlot.paths.stepped({ align: 1 });
  return (plot, index, from, to) => {
    if (plot.boolean) return steps(plot, index, from, to);
    const stretch = lineOf(plot, index)?.stretch;
    const after = new Set(broken(plot, stretch).map((at) => stretch.columns.t[at]));
    const drawn = strokes(plot, index, from, to, after);
    if (!stretch?.resolution) return drawn;
    const value = index - ((index - 1) % WIDTH);
    const { fill, bars } = band(plot, value + 1, from, to, after) ?? {};
    const soft = colour(`--series-${lineOf(plot, index).colour}-soft`);
    if (isValue(index)) return fill ? { ...drawn, fill, _fill: soft } : drawn;
    if (!bars) return drawn;
    // the bars are the second edge's, and the first one's path holds both edges
    if (index === value + 2) return { ...drawn, stroke: bars, _stroke: soft, _width: 1 / devicePixelRatio };
    drawn.stroke.addPath(strokes(plot, value + 2, from, to, after).stroke);
    return drawn;
  };
}

/** The three series of one line: value, lowest, highest. The edges are drawn too: a band of one sample is a hair. */
function threeOf({ colour: name, dash, scale, show = true }) {
  const line = () => colour(`--series-${name}`);
  const edge = {
    ...{ scale, show, width: 1, points: { show: false }, paths: paths(), gaps },
    stroke: (plot, index) => (lineOf(plot, index)?.stretch.resolution ? colour(`--series-${name}-edge`) : null),
  };
  return [
    {
      ...{ scale, show, dash, dashes: dash, width: STROKE, stroke: line, fillTo: 0, paths: paths(), gaps },
      fill: (plot) => (plot.boolean ? colour(`--series-${name}-soft`) : null),
      points: { show: false, size: 4.5, fill: line, stroke: null, width: 0, filter: marks },
    },
    edge,
    { ...edge },
  ];
}

/** How lines are drawn: [{key, colour, scale, dash}]; `all` are those of the chart, also the hidden ones. */
export function shapes(shown, all) {
  const axes = panels(shown)[0]?.axes ?? [];
  const dashOf = (line) => line.dash ?? DASHES[all.indexOf(line) % DASHES.length];
  return shown.map((line) => ({
    ...{ key: line.key, colour: line.colour, scale: axisOf(line) === axes[1]?.key ? "y2" : "y" },
    dash: all.length > 1 ? dashOf(line) : [],
  }));
}

/**
 * The options of one chart. `lines`: [{colour, dash, scale, show}]; `units`: of the scales "y" and "y2" (null: not
 * named). `zoom(from, to)`, `live()` and `hover(t, values, notes)` are called back.
 */
export function options({ width, height, lines, units = [null], zoom, live, hover }) {
  const axis = { font: AXIS, stroke: () => colour("--ink-3"), ticks: { show: false } };
  const grid = { stroke: () => colour("--grid"), width: 1 };
  const scales = units.map((_, at) => (at ? `y${at + 1}` : "y"));
  const value = (scale, at) => ({
    ...{ ...axis, scale, size: axisWidth, gap: 6, space: 22 * LARGER, values: valueLabels, splits: booleanSplits },
    ...{ side: at ? 1 : 3, grid: at ? { show: false } : grid },
    ...(units[at] ? { label: units[at], labelFont: AXIS, labelSize: 16, labelGap: 0 } : {}),
  });
  return {
    width,
    height,
    ms: 1,
    legend: { show: false },
    padding: [6, units.length > 1 ? 0 : 8, 0, 0],
    cursor: {
      y: false,
      dataIdx: pointed,
      drag: { x: true, y: false, setScale: false, dist: 5 },
      points: { size: 7, fill: (plot, index) => colour(`--series-${lineOf(plot, index)?.colour ?? 1}`) },
      sync: { key: "time", filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
      bind: {
        // with shift a drag moves what is seen (ui/gestures.js)
        mousedown: (_plot, _target, handle) => (event) => (event.shiftKey ? null : handle(event)),
        dblclick: () => () => {
          live();
          return null;
        },
      },
    },
    scales: {
      x: { time: true },
      ...Object.fromEntries(scales.map((scale) => [scale, { range: valueRange }])),
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 20 * LARGER,
        gap: 4,
        space: 64 * LARGER,
        incrs: STEPS,
        splits: (_plot, _axis, min, max, step) => timeSplits(min, max, step),
        values: (_plot, splits, _axis, _space, step) => timeLabels(splits, step),
      },
      ...scales.map(value),
    ],
    series: [{}, ...lines.flatMap(threeOf)],
    hooks: {
      drawAxes: [drawLimits, drawMarks, drawZone],
      draw: [nameLimits],
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
          const inside = left >= 0 && idxs;
          const values = lines.map((_, at) => {
            const index = inside ? (idxs[WIDTH * at + 1] ?? null) : null;
            return index === null ? null : { t: plot.data[0][index], v: plot.data[WIDTH * at + 1][index] };
          });
          hover(left >= 0 ? plot.posToVal(left, "x") : null, values, pointedMarks(plot));
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
