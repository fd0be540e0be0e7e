/**
 * Lines of uPlot's, and the bands between lowest and highest, as paths that end where gaps begin. uPlot's own go on
 * there and are hidden by clips, through which a browser that draws without a graphics card takes ten times as long
 * (tests/e2e/test_goals.py, G2 and G3).
 */

/** CSS pixels that a line is wide while there is room between its points. */
export const STROKE = 1.5;
/** Above so many points in a CSS pixel a line is as thin as the screen has it, and whole: its dashes are not seen. */
const DENSE = 2;

/**
 * What uPlot draws of series `index` from point `from` to `to`: one stroke, at most four corners for each column of
 * pixels. `after` is a set of times before which it is broken.
 */
export function strokes(plot, index, from, to, after) {
  const series = plot.series[index];
  const dense = to - from > (DENSE * plot.bbox.width) / devicePixelRatio;
  series.dash = dense ? [] : series.dashes;
  return { stroke: line(plot, index, from, to, after), _width: dense ? 1 / devicePixelRatio : series.width, gaps: [] };
}

function line(plot, index, from, to, after) {
  const found = new Path2D();
  const [x, y] = pixels(plot, index);
  const [times, values] = [plot.data[0], plot.data[index]];
  let column = null;
  let lowest, highest, last;
  /** Through both ends of the column, that one last which is nearer to where the line leaves it. */
  const leave = () => {
    const down = last - highest > lowest - last;
    const [one, other] = down ? [highest, lowest] : [lowest, highest];
    if (lowest !== highest) {
      found.lineTo(column, one);
      found.lineTo(column, other);
    }
    if (last !== other) found.lineTo(column, last);
  };
  for (let at = from; at <= to; at += 1) {
    const value = values[at];
    if (value === null || value === undefined) continue;
    const [left, top] = [x(times[at]), y(value)];
    const broken = after.size > 0 && after.has(times[at]);
    if (left === column && !broken) {
      if (top > lowest) lowest = top;
      else if (top < highest) highest = top;
    } else {
      if (column !== null) leave();
      if (column === null || broken) found.moveTo(left, top);
      else found.lineTo(left, top);
      column = left;
      lowest = highest = top;
    }
    last = top;
  }
  if (column !== null) leave();
  return found;
}

/**
 * The area between the series `low` and the one after it, from point `from` to `to`: {fill} is its outline, or {bars}
 * upright lines where it has a point in every other pixel, as an outline with so many teeth takes ten times as long.
 * null: nothing is there.
 */
export function band(plot, low, from, to, after) {
  const found = new Path2D();
  const [x, y] = pixels(plot, low);
  const [times, lows, highs] = [plot.data[0], plot.data[low], plot.data[low + 1]];
  const columns = [];
  for (let at = from; at <= to; at += 1) {
    if ((lows[at] ?? null) === null || (highs[at] ?? null) === null) continue;
    const [left, top, bottom] = [x(times[at]), y(highs[at]), y(lows[at])];
    const newest = columns.at(-1);
    if (newest?.[0] === left) {
      newest[1] = Math.min(newest[1], top);
      newest[2] = Math.max(newest[2], bottom);
    } else columns.push([left, top, bottom, after.has(times[at])]);
  }
  if (!columns.length) return null;
  if (columns.length > plot.bbox.width / 2) {
    for (const [left, top, bottom] of columns) {
      found.moveTo(left, top);
      found.lineTo(left, bottom);
    }
    return { bars: found };
  }
  let run = [];
  const close = () => {
    run.forEach(([left, top], at) => (at ? found.lineTo(left, top) : found.moveTo(left, top)));
    for (const [left, , bottom] of run.reverse()) found.lineTo(left, bottom);
  };
  for (const column of columns) {
    if (column[3]) {
      close();
      run = [];
    }
    run.push(column);
  }
  close();
  return { fill: found };
}

/** From a time and from a value of a series to whole pixels of the canvas. */
function pixels(plot, index) {
  const { left, top, width, height } = plot.bbox;
  const { min, max } = plot.scales.x;
  const { min: bottom, max: ceiling } = plot.scales[plot.series[index].scale];
  const [wide, high] = [width / (max - min), height / (ceiling - bottom)];
  return [(t) => Math.round(left + (t - min) * wide), (value) => Math.round(top + (ceiling - value) * high)];
}
