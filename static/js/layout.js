/** The layouts of the overview as the server keeps them. A change is shown at once, and stays if the server takes it. */
import { me, model } from "telltale/context.js";
import { Layers, mergePatch } from "telltale/core/layout.js";

const NONE = { version: 0, layout: {}, undo: false };

class Layout extends EventTarget {
  #states = { own: NONE, shared: NONE };
  #unsaved = { own: [], shared: [] };
  #saving = Promise.resolve();
  /** Which of the two changes go into: own | shared (operators). */
  editing = "own";
  /** Why the last change did not stay, or "". */
  problem = "";
  loaded = false;
  layers = new Layers();

  async load() {
    const answer = await model.api.getSurely("api/layouts");
    if (answer) this.#states = { own: answer.own, shared: answer.shared };
    this.loaded = true;
    this.#changed();
  }

  /** Whether there is a change to take back. */
  get undoable() {
    return this.#states[this.editing].undo;
  }

  /** Whether nothing is changed. */
  get empty() {
    return !Object.keys(this.#states[this.editing].layout).length;
  }

  edit(which) {
    this.editing = me.operator ? which : "own";
    this.#changed();
  }

  /** Merge a patch into the layout that is edited. */
  change(patch) {
    const which = this.editing;
    this.#unsaved[which].push(patch);
    this.#changed();
    return this.#save(which, () => model.api.patch(`api/layouts/${which}`, patch), patch);
  }

  /** Say one thing of a series or a device ("series" | "devices"); null: as if it had not been said. */
  say(section, name, fields) {
    return this.change({ [section]: { [name]: fields } });
  }

  undo() {
    const which = this.editing;
    return this.#save(which, () => model.api.post(`api/layouts/${which}/undo`, {}));
  }

  reset() {
    const which = this.editing;
    return this.#save(which, () => model.api.delete(`api/layouts/${which}`));
  }

  /** One after the other, so that the server has them in the order in which they were made. */
  #save(which, send, patch) {
    const done = this.#saving.then(async () => {
      this.problem = "";
      try {
        this.#states[which] = await send();
      } catch (error) {
        this.problem = error.message;
      }
      this.#unsaved[which] = this.#unsaved[which].filter((one) => one !== patch);
      this.#changed();
      return !this.problem;
    });
    this.#saving = done;
    return done;
  }

  #changed() {
    const of = (which) => this.#unsaved[which].reduce(mergePatch, this.#states[which].layout);
    this.layers = new Layers(of("shared"), of("own"));
    this.dispatchEvent(new Event("change"));
  }
}

/** The one of the page. */
export const layout = new Layout();
