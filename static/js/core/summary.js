/** What a chart shows, in words: for those who hear it. */
import { lowerBound } from "telltale/core/columns.js";
import { formatSpan, formatValue } from "telltale/core/format.js";
import { plural, t } from "telltale/core/words.js";

/** Lines ({series, name, stretch}) between `from` and `to` (ms) in one text: how many points, from lowest to highest, last. */
export function summary(lines, { from, to }) {
  const span = formatSpan(to - from);
  return lines.map((line) => `${titled(line)}, ${span}: ${told(line, from, to)}`).join("; ");
}

function titled({ series, name }) {
  return name ?? t("{metric} of {device}", { metric: series.title || series.metric, device: series.device });
}

function told({ series, stretch }, from, to) {
  const { columns } = stretch;
  const [begin, end] = [lowerBound(columns.t, from), lowerBound(columns.t, to + 1)];
  if (begin >= end) return t("no readings");
  const points = plural(end - begin, "{n} point", "{n} points");
  const shown = (value) => `${formatValue(value, series.decimals)}${series.unit ? ` ${series.unit}` : ""}`;
  if (series.kind !== "number") return points;
  const [, value, low, high] = columns.all;
  let [lowest, highest] = [Infinity, -Infinity];
  for (let i = begin; i < end; i += 1) {
    lowest = Math.min(lowest, low[i]);
    highest = Math.max(highest, high[i]);
  }
  const range = t("from {lowest} to {highest}", { lowest: shown(lowest), highest: shown(highest) });
  return `${points}, ${range}, ${t("last {value}", { value: shown(value[end - 1]) })}`;
}
