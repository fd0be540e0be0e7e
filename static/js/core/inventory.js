/**
 * Which devices there are, in which state, and which series belong to whom; in an order that does not jump.
 *
 * What is known at first is sorted by name. What comes later is appended: a device at the end, a metric at the end of
 * its device, so nothing that someone looks at moves away.
 */
import { titleOf } from "telltale/core/format.js";
import { locale } from "telltale/core/words.js";

const collator = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
export const byName = (a, b) => collator.compare(a, b) || (a < b ? -1 : Number(a > b));

export class Inventory {
  devices = new Map();
  pending = new Map();

  /** The whole list of the API; ids in `newer` were pushed after it was asked for and stay as they are. */
  list(devices, newer = new Set()) {
    const waiting = devices.filter((one) => one.state === "pending");
    const known = devices.filter((one) => one.state !== "pending" && !newer.has(one.device));
    known.sort((a, b) => byName(label(a), label(b)) || byName(a.device, b.device));
    for (const one of known) this.#known(one);
    const kept = [...this.pending].filter(([id]) => newer.has(id));
    this.pending = new Map([
      ...kept,
      ...waiting.filter((one) => !newer.has(one.device)).map((one) => [one.device, one]),
    ]);
  }

  /** A push about one device. */
  push(device) {
    if (device.state === "pending") this.pending.set(device.device, device);
    else this.pending.delete(device.device);
    if (device.state === "approved") this.#device(device.device);
    if (device.state === "removed") this.devices.delete(device.device);
    if (device.state === "online" || device.state === "offline") {
      this.#known(device);
    }
  }

  presence(rows) {
    for (const [id, state, since] of rows) Object.assign(this.#device(id), { state, since });
  }

  /** Put series (with `device` and `metric`) into their groups. */
  add(series) {
    for (const one of [...series].sort((a, b) => byName(a.device, b.device) || byName(a.metric, b.metric))) {
      const metrics = this.#device(one.device).series;
      if (!metrics.includes(one)) metrics.push(one);
    }
  }

  /** The series belongs to another device than was guessed. */
  move(series, device, metric) {
    const old = this.devices.get(series.device);
    if (old) old.series = old.series.filter((one) => one !== series);
    if (old?.guessed && !old.series.length) this.devices.delete(old.id);
    Object.assign(series, { device, metric });
    this.add([series]);
  }

  /** Device and metric of a series by its name alone: the longest known device that fits, until the API tells. */
  guess(name) {
    for (let at = name.lastIndexOf("/"); at > 0; at = name.lastIndexOf("/", at - 1)) {
      const id = name.slice(0, at);
      if (this.devices.has(id) && !this.devices.get(id).guessed) return [id, name.slice(at + 1)];
    }
    const [id, ...rest] = name.split("/");
    this.#device(id).guessed = true;
    return [id, rest.join("/")];
  }

  #known({ device: id, state, name, last_seen: seen, last_known: known, clock_warning: clock }) {
    const device = this.#device(id);
    if (known || seen !== undefined) device.known = known ?? {};
    if (clock || seen !== undefined) device.clock = clock ?? null;
    device.guessed = false;
    if (name !== undefined) device.name = name;
    if (device.state !== state || state === "offline") device.since = seen ?? device.since;
    device.state = state;
  }

  #device(id) {
    if (!this.devices.has(id)) this.devices.set(id, { id, name: null, state: "online", since: null, series: [], known: {}, clock: null });
    return this.devices.get(id);
  }
}

/** What a device is called. */
export function label(device) {
  return device.name || device.device || device.id;
}

/** What is only last known of a device: [metric, {value, unit, ts, heard}] of what has no reading. */
export function lastKnown(device) {
  const read = new Set(device.series.map((one) => one.metric));
  return Object.entries(device.known).filter(([metric]) => !read.has(metric));
}

/** The names by which a series is found. */
export function namesOf(device, series) {
  return [label(device), device.id, series.metric, titleOf(series)];
}

/** A test for names: every word of `text` must occur, in any case and order. */
export function filter(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (...names) => {
    const all = names.filter(Boolean).join(" ").toLowerCase();
    return words.every((word) => all.includes(word));
  };
}
