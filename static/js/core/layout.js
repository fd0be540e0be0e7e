/**
 * The layer that people put over the overview's own arrangement: layouts as /api/layouts has them (see there for what
 * they hold), the own one above the shared one. What neither names stands where it would by itself, so whatever is new
 * appears.
 */
import { groupsOf } from "telltale/core/groups.js";

/** The size of a tile that no one chose, and the order of sizes. */
export const SIZES = ["S", "M", "L"];
const USUAL = { size: "M", hidden: false, pinned: false };

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** A layout after a JSON merge patch (RFC 7396); objects that are left empty are left out. */
export function mergePatch(layout, patch) {
  const result = { ...layout };
  for (const [key, value] of Object.entries(patch)) {
    const before = Object.hasOwn(result, key) && isObject(result[key]) ? result[key] : {};
    const now = isObject(value) ? mergePatch(before, value) : value;
    if (now === null || (isObject(now) && !Object.keys(now).length)) delete result[key];
    else result[key] = now;
  }
  return result;
}

const field = (layout, section, name) =>
  Object.hasOwn(layout[section] ?? {}, name) ? layout[section][name] : undefined;

/** What stands: the own layout over the shared one. */
export class Layers {
  constructor(shared = {}, own = {}) {
    Object.assign(this, { shared, own });
  }

  /** How a series is shown: size, hidden, pinned, and title, colour, unit, range, low, high where someone chose them. */
  series(name) {
    return { ...USUAL, ...field(this.shared, "series", name), ...field(this.own, "series", name) };
  }

  /** What is said of a device: hidden, title, group, tags. */
  device(id) {
    return { hidden: false, tags: [], ...field(this.shared, "devices", id), ...field(this.own, "devices", id) };
  }

  /** The unit to show instead of `unit`, everywhere; undefined: itself. */
  unit(unit) {
    return field(this.own, "units", unit) ?? field(this.shared, "units", unit);
  }

  /** What comes first in a list (groups, pinned, group:NAME, device:ID). */
  order(list) {
    return field(this.own, "order", list) ?? field(this.shared, "order", list) ?? [];
  }

  /** How many series and devices are hidden. */
  get hidden() {
    const names = (section) =>
      new Set([...Object.keys(this.shared[section] ?? {}), ...Object.keys(this.own[section] ?? {})]);
    return (
      [...names("series")].filter((name) => this.series(name).hidden).length +
      [...names("devices")].filter((id) => this.device(id).hidden).length
    );
  }
}

/** The items in the order that `first` (keys) says; those it does not name follow as they come. */
export function arranged(items, keyOf, first) {
  if (!first.length) return items;
  const rank = new Map(first.map((key, at) => [key, at]));
  const of = (item) => rank.get(keyOf(item)) ?? Infinity;
  return items
    .map((item, at) => [of(item), at, item])
    .sort(([a, i], [b, j]) => (a === b ? i - j : a - b))
    .map(([, , item]) => item);
}

/** The keys with `key` moved to the place `to`, which is held within the list. */
export function moved(keys, key, to) {
  const rest = keys.filter((one) => one !== key);
  const at = Math.min(Math.max(to, 0), rest.length);
  return [...rest.slice(0, at), key, ...rest.slice(at)];
}

/**
 * What the overview shows: {pinned: [tile], sections: [{name, devices}], groups, tags}; a device is {device, look,
 * group, tiles}, a tile {series, device, look, index}. `name` is null for devices without a group. Of the hidden
 * nothing is there unless `all`. `wanted(device, look, group)`, `shown(device, series)` and `bare(device)`, for one
 * without series, filter.
 */
export function compose(devices, layers, { all = false, wanted = yes, shown = yes, bare = yes } = {}) {
  const auto = groupsOf(devices.map((one) => one.id));
  const groups = new Map();
  const tags = new Set();
  const known = new Set();
  const pinned = [];
  for (const device of devices) {
    const look = layers.device(device.id);
    const group = look.group ?? auto.get(device.id);
    for (const tag of look.tags) tags.add(tag);
    known.add(group);
    if ((look.hidden && !all) || !wanted(device, look, group)) continue;
    const tiles = [];
    let passed = device.series.length ? false : bare(device);
    for (const [index, series] of device.series.entries()) {
      const tile = { series, device, look: layers.series(series.name), index };
      if (!shown(device, series) || (tile.look.hidden && !all)) continue;
      passed ||= all || !tile.look.pinned;
      (tile.look.pinned ? pinned : tiles).push(tile);
    }
    if (!passed) continue;
    const item = { device, look, group, tiles: arranged(tiles, tileKey, layers.order(`device:${device.id}`)) };
    groups.set(group, [...(groups.get(group) ?? []), item]);
  }
  const names = arranged([...groups.keys()].sort(lonelyLast), (name) => name ?? "", layers.order("groups"));
  return {
    pinned: arranged(pinned, tileKey, layers.order("pinned")),
    sections: names.map((name) => ({
      name,
      devices: arranged(groups.get(name), (item) => item.device.id, layers.order(`group:${name ?? ""}`)),
    })),
    groups: [...known].filter((name) => name !== null),
    tags: [...tags],
  };
}

const yes = () => true;
const tileKey = (tile) => tile.series.name;
const lonelyLast = (a, b) => Number(a === null) - Number(b === null);
