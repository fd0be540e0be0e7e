/** What the parts of a board read of the model: their series by name, followed while they are shown. */
import { model } from "telltale/context.js";
import { param, put } from "telltale/address.js";
import { formatLength } from "telltale/core/grammar.js";
import { Element } from "telltale/ui/element.js";
import { everySecond } from "telltale/ui/ticker.js";

/**
 * An element on a board that shows series by their `names`: they are loaded and watched while it is connected, and it
 * updates with them, each second, and with the connection.
 */
export class Shower extends Element {
  static properties = { names: { attribute: false }, part: { attribute: false } };
  #shown = new Map();
  #waits = false;

  connectedCallback() {
    super.connectedCallback();
    this.on(model, "structure", () => {
      if (this.#waits) this.#follow();
      this.soon();
    });
    for (const event of ["connection", "view"]) this.on(model, event);
    this.until(everySecond(this.soon));
    this.until(() => this.#leave());
    if (this.hasUpdated) this.#follow();
  }

  willUpdate(changes) {
    if (changes.has("names")) this.#follow();
  }

  /** The series of a name, or undefined while no reading has come. */
  series(name) {
    return model.series.get(name);
  }

  get first() {
    return this.series(this.names[0]);
  }

  #follow() {
    const wanted = new Set(this.names);
    for (const [name, end] of this.#shown)
      if (!wanted.has(name)) {
        end();
        this.#shown.delete(name);
      }
    this.#waits = false;
    for (const name of wanted) {
      const series = model.series.get(name);
      if (!series) this.#waits = true;
      else if (!this.#shown.has(name)) this.#shown.set(name, this.#show(series));
    }
  }

  #show(series) {
    const unwatch = model.watch(series, this.soon);
    model.loader.show(series, this);
    return () => {
      unwatch();
      model.loader.hide(series, this);
    };
  }

  #leave() {
    for (const end of this.#shown.values()) end();
    this.#shown.clear();
  }
}

/** Show the range that a board opens with, where the address names none. */
export function openRange({ range }) {
  if (!range || param("from") !== null || model.view.range === range) return;
  put({ from: `now-${formatLength(range)}` }, false);
  model.look((view) => view.show(range));
}
