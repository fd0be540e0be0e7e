/** An element with a form: one act at a time, and what went wrong beside it. */
import { html, nothing } from "lit";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";

export class Panel extends Element {
  problem = "";
  busy = false;

  /** Do `act`; returns whether it worked, else says why not. */
  async attempt(act) {
    this.busy = true;
    this.problem = "";
    this.requestUpdate();
    try {
      await act();
    } catch (error) {
      this.problem = t("That did not work: {reason}", { reason: error.message });
    }
    this.busy = false;
    this.requestUpdate();
    return !this.problem;
  }

  trouble() {
    return this.problem ? html`<p class="problem wide" role="alert">${this.problem}</p>` : nothing;
  }
}
