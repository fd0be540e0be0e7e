/** The banner that says that stored readings were damaged, until an operator has acknowledged it. */
import { html, nothing } from "lit";
import { me, model } from "telltale/context.js";
import { damageText } from "telltale/core/damage.js";
import { t } from "telltale/core/words.js";
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
      ${icons.warning}<span><strong>${t("Damaged data.")}</strong> ${text} ${this.#problem}</span>
      ${
        me.operator && !model.damage.salvage
          ? html`<button @click=${() => this.#acknowledge()}>${t("I have seen it")}</button>`
          : nothing
      }
    </p>`;
  }

  async #acknowledge() {
    try {
      await model.api.post("api/storage/damage/acknowledge", {});
      this.#problem = "";
    } catch (error) {
      this.#problem = t("That did not work: {reason}", { reason: error.message });
    }
    this.soon();
  }
}

customElements.define("tt-damage", Damage);
