/**
 * What people do to the order of the overview, each act by the name under which tiles and headers ask for it. What is
 * there is asked anew each time, as keys may come faster than frames.
 */
import { moved } from "telltale/core/layout.js";
import { t } from "telltale/core/words.js";
import { layout } from "telltale/layout.js";
import { sizeAfter } from "telltale/ui/arrange.js";

export class Arranging {
  #host;
  /** The list that is being dragged about, {list, names}, or null. */
  #preview = null;
  #focus = null;
  /** What happened last, for who cannot see it. */
  said = "";

  constructor(host) {
    this.#host = host;
  }

  /** What stands, with what is being dragged where it would be dropped. */
  get layers() {
    return this.#preview ? this.#previewed() : layout.layers;
  }

  /** A node that was moved through the document has lost the focus. */
  refocus() {
    if (!this.#focus) return;
    const target = this.#host.querySelector(this.#focus);
    this.#focus = null;
    // tiles render on their own
    (target?.updateComplete ?? Promise.resolve()).then(() => (target?.querySelector(".grip") ?? target)?.focus());
  }

  resize({ name, step, title }) {
    const size = sizeAfter(layout.layers.series(name).size, step);
    layout.say("series", name, usual({ size }));
    this.#say(t("{name}: size {size}", { name: title, size }));
  }

  toggle({ name, what, title }) {
    const on = !layout.layers.series(name)[what];
    layout.say("series", name, usual({ [what]: on }));
    if (what === "hidden") this.#say(on ? t("{name} is hidden", { name: title }) : t("{name} is shown", { name: title }));
    else {
      this.#say(on ? t("{name} is pinned", { name: title }) : t("{name} is no longer pinned", { name: title }));
      this.#focus = tileSelector(name);
    }
  }

  move({ name, by, title }) {
    const [list, names] = this.#listOf(name);
    this.#moveTo(list, names, name, names.indexOf(name) + by, title);
    this.#focus = tileSelector(name);
  }

  preview({ name, over }) {
    const [list, names] = this.#listOf(name);
    this.#preview = { list, names: moved(names, name, names.indexOf(over)) };
    this.#host.soon();
  }

  drop({ name, title }) {
    if (!this.#preview) return;
    const { list, names } = this.#preview;
    this.#preview = null;
    this.#moveTo(list, names, name, names.indexOf(name), title);
  }

  cancel() {
    this.#preview = null;
    this.#host.soon();
  }

  shift({ list, key, by, title }) {
    this.#host.compose();
    const keys =
      list === "groups"
        ? this.#host.found.sections.map((one) => one.name ?? "")
        : this.#host.found.sections.find((one) => list === `group:${one.name ?? ""}`).devices.map((one) => one.device.id);
    this.#moveTo(list, keys, key, keys.indexOf(key) + by, title);
    const where = list === "groups" ? `[data-group="${CSS.escape(key)}"]` : `[data-device="${CSS.escape(key)}"]`;
    this.#focus = `${where} > header [data-shift="${by}"]`;
  }

  settings({ name }) {
    const [, , tile] = this.#listOf(name);
    this.#host.querySelector("tt-tile-settings").openSeries(tile.series, tile.device);
  }

  #moveTo(list, keys, key, to, title) {
    const after = moved(keys, key, to);
    layout.change({ order: { [list]: after } });
    this.#say(t("{name}: place {at} of {n}", { name: title, at: after.indexOf(key) + 1, n: after.length }));
  }

  /** [the list that a tile is in, the names in it, the tile]. */
  #listOf(name) {
    this.#host.compose();
    const named = ({ series }) => series.name === name;
    const { pinned, sections } = this.#host.found;
    const device = sections.flatMap((one) => one.devices).find(({ tiles }) => tiles.some(named));
    const tiles = pinned.some(named) ? pinned : device.tiles;
    const list = tiles === pinned ? "pinned" : `device:${device.device.id}`;
    return [list, tiles.map(({ series }) => series.name), tiles.find(named)];
  }

  #previewed() {
    const { list, names } = this.#preview;
    const before = layout.layers;
    return Object.create(before, { order: { value: (one) => (one === list ? names : before.order(one)) } });
  }

  #say(text) {
    this.said = text;
    this.#host.soon();
  }
}

const tileSelector = (name) => `tt-tile[data-series="${CSS.escape(name)}"]`;

/** What is as it would be without a layer needs no place in it, unless a layer below says otherwise. */
function usual(fields) {
  const shared = layout.editing === "own" && Object.keys(layout.layers.shared).length;
  if (shared) return fields;
  const plain = { size: "M", hidden: false, pinned: false };
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, value === plain[key] ? null : value]));
}
