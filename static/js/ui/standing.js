/** How far a value can be believed, in words and by a sign, the same on every page: stale, offline and lost are three. */
import { nothing } from "lit";
import { model } from "telltale/context.js";
import { formatAge, formatMoment, formatStale } from "telltale/core/format.js";
import { standing } from "telltale/core/standing.js";
import { t } from "telltale/core/words.js";
import { icons } from "telltale/ui/icons.js";

/** Signs by standing; what is live needs none. */
export const SIGNS = { none: nothing, live: nothing, stale: icons.clock, offline: icons.unplugged, lost: icons.lost };

/** How a series stands now. */
export function standingOf(series) {
  const device = series && model.inventory.devices.get(series.device);
  return standing(series, device, model.connection, model.clock.now());
}

/** What is said of the age of a value, whatever it is. */
export function ageText(series) {
  const now = model.clock.now();
  const state = standingOf(series);
  if (state === "none") return t("no reading");
  const { t: at } = series.latest;
  if (state === "live") return formatAge(now - at);
  if (state === "lost") return t("no connection, as of {time}", { time: formatMoment(at, now) });
  if (state === "offline") return t("offline, as of {time}", { time: formatMoment(at, now) });
  return formatStale(at, now);
}
