/** What the overview is asked to show, as the address holds it; and whether a value still counts as live. */
import { filter, label, namesOf } from "telltale/core/inventory.js";
import { LEAST } from "telltale/core/interval.js";

/** What is chosen: search words, a group ("" for devices without one), a tag, a state, a metric; and the view. */
const NOTHING = { q: "", group: null, tag: null, state: null, metric: null, view: "tiles" };
export const STATES = ["live", "stale", "offline"];
export const VIEWS = ["tiles", "charts"];

/** The choice in an address. */
export function readChoice(search) {
  const given = new URLSearchParams(search);
  const found = { ...NOTHING };
  for (const key of Object.keys(NOTHING)) if (given.has(key)) found[key] = given.get(key);
  if (!STATES.includes(found.state)) found.state = null;
  if (!VIEWS.includes(found.view)) found.view = NOTHING.view;
  return found;
}

/** The parameters of an address that say so; null where it is as it would be without. */
export function choiceParams(choice) {
  return Object.fromEntries(Object.keys(NOTHING).map((key) => [key, choice[key] === NOTHING[key] ? null : choice[key]]));
}

/** Whether something is filtered. */
export function isFiltered({ q, group, tag, state, metric }) {
  return q.trim() !== "" || [group, tag, state, metric].some((one) => one !== null);
}

/**
 * The tests of `compose` for a choice. `stateOf(device, series)` says live, stale or offline; `words(device, series)`
 * are further names by which a tile is found.
 */
export function testsOf(choice, { words, stateOf }) {
  const { group, tag, state, metric } = choice;
  const matches = filter(choice.q);
  return {
    wanted: (_device, { tags }, name) =>
      (group === null || (name ?? "") === group) && (tag === null || tags.includes(tag)),
    shown: (device, series) =>
      (metric === null || series.metric === metric) &&
      matches(...namesOf(device, series), ...words(device, series)) &&
      (state === null || stateOf(device, series) === state),
    /** Whether a device that has no series is shown. */
    bare: (device) =>
      metric === null && (state === null || device.state === state) && matches(label(device), device.id),
  };
}

/** live, stale or offline at `now` (ms, the server's). `known`: its history was asked, so one reading is all there is. */
export function stateOf(device, series, { interval, known, now }) {
  if (device.state === "offline") return "offline";
  if (series.latest === null) return "stale";
  if (interval === null && !known) return "live";
  return now - series.latest.t > Math.max(3 * (interval ?? 0), LEAST) ? "stale" : "live";
}
