/** What series are called on a board. */
import { model } from "telltale/context.js";
import { formatLabel, titleOf } from "telltale/core/format.js";
import { label } from "telltale/core/inventory.js";

/** The device of a series, by its name for people; "" while it is not known. */
export function deviceOf(name) {
  const series = model.series.get(name);
  const device = series && model.inventory.devices.get(series.device);
  return device ? label(device) : (series?.device ?? "");
}

/** What a series is called, without its device. */
export function shortName(name) {
  const series = model.series.get(name);
  return series?.metric ? titleOf(series) : formatLabel(name.slice(name.lastIndexOf("/") + 1));
}

/** What a series is called, with its device. */
export function fullName(name) {
  const device = deviceOf(name);
  return device ? `${shortName(name)} · ${device}` : name;
}
