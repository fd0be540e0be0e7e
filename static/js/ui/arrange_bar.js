/** The bar while the overview is arranged: for whom, undo, reset, and how the keys work. */
import { html, nothing } from "lit";
import { me } from "telltale/context.js";
import { plural, t } from "telltale/core/words.js";
import { layout } from "telltale/layout.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";

class ArrangeBar extends Element {
  connectedCallback() {
    super.connectedCallback();
    this.on(layout, "change");
  }

  render() {
    const { hidden } = layout.layers;
    return html`<section class="arrange-bar" aria-label=${t("Arrange")}>
      ${
        me.operator
          ? html`<label
              >${t("Changes are for")}
              <select @change=${({ target }) => layout.edit(target.value)}>
                <option value="own" ?selected=${layout.editing === "own"}>${t("me")}</option>
                <option value="shared" ?selected=${layout.editing === "shared"}>${t("everyone")}</option>
              </select></label
            >`
          : nothing
      }
      <button ?disabled=${!layout.undoable} @click=${() => layout.undo()}>${icons.undo}${t("Undo")}</button>
      <button ?disabled=${layout.empty} @click=${() => layout.reset()}>${t("Reset to automatic")}</button>
      <p id="arrange-keys" class="quiet">
        ${hidden ? `${plural(hidden, "{n} is hidden.", "{n} are hidden.")} ` : nothing}${t(
          "On a handle: arrow keys move, + and − change the size, H hides, P pins. Escape ends.",
        )}
      </p>
      <button
        class="primary"
        @click=${() => this.dispatchEvent(new Event("toggle-arrange", { bubbles: true }))}
      >
        ${t("Done")}
      </button>
      ${layout.problem ? html`<p class="problem" role="alert">${t("That did not work: {why}", { why: layout.problem })}</p>` : nothing}
    </section>`;
  }
}

customElements.define("tt-arrange-bar", ArrangeBar);
