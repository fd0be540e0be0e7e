/** The banner that says that stored readings were damaged, until an operator has acknowledged it. */
import { html, nothing } from "lit";
import { me, model } from "telltale/context.js";
import { damageText } from "telltale/core/damage.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";

class Damage extends Element {
  #problem = "";

  connectedCallback() {
    super.connectedCallback();
    this.id = "damage";
    this.setAttribute("role", "alert");
    this.on(model, "damage");
  }

  willUpdate() {
    this.dataset.state = damageText(model.damage) ? "damaged" : "hidden";
  }

  render() {
    const text = damageText(model.damage);
    if (!text) return nothing;
    return html`<p>
      ${icons.warning}<span><strong>Damaged data.</strong> ${text} ${this.#problem}</span>
      ${
        me.operator && !model.damage.salvage
          ? html`<button @click=${() => this.#acknowledge()}>I have seen it</button>`
          : nothing
      }
    </p>`;
  }

  async #acknowledge() {
    try {
      await model.api.post("api/storage/damage/acknowledge", {});
      this.#problem = "";
    } catch (error) {
      this.#problem = `That did not work: ${error.message}`;
    }
    this.soon();
  }
}

customElements.define("tt-damage", Damage);
