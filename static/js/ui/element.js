/** What our elements share: plain DOM (the page's style sheets apply) and at most one update in a frame. */
import { LitElement } from "lit";
import { mark } from "telltale/frame.js";

export class Element extends LitElement {
  #ends = [];

  createRenderRoot() {
    return this;
  }

  /** Update in the next frame. */
  soon = () => mark(this);

  paint() {
    this.requestUpdate();
  }

  /** Listen while connected. */
  on(target, name, listener = this.soon) {
    target.addEventListener(name, listener);
    this.#ends.push(() => target.removeEventListener(name, listener));
  }

  /** Have `end` called on disconnection. */
  until(end) {
    this.#ends.push(end);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    for (const end of this.#ends.splice(0)) end();
  }
}
