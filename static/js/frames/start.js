/** What stands where no message has come yet: how to send one. */
import { html, nothing } from "lit";
import { copy } from "telltale/copy.js";
import { examples } from "telltale/core/frames.js";
import { parts, t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";

class FirstMessage extends Element {
  static properties = { device: {}, known: { type: Boolean }, broker: { attribute: false } };
  #copied = new Map();

  render() {
    return html`<p>
        ${
          this.known
            ? html`<strong>${t("Nothing has come from this device since the server started.")}</strong>`
            : html`<strong>${t("No device of this name has spoken yet.")}</strong>`
        }
        ${t("Send a message, and it appears here at once, with what was made of it.")}
      </p>
      ${examples(this.device, location.origin, this.broker).map(([name, text]) => this.#snippet(name, text))}
      ${
        this.broker
          ? nothing
          : html`<p class="quiet">
              ${parts("This server listens to no MQTT broker: set {setting} in config.ini for the second way.", {
                setting: html`<code>[mqtt] url</code>`,
              })}
            </p>`
      }`;
  }

  #snippet(name, text) {
    return html`<figure class="snippet">
      <figcaption>
        <span>${name}</span><span role="status">${this.#copied.get(name) ?? ""}</span
        ><button @click=${() => this.#copy(name, text)}>${t("Copy")}</button>
      </figcaption>
      <pre tabindex="0" aria-label=${t("{name} example", { name })}><code>${text}</code></pre>
    </figure>`;
  }

  async #copy(name, text) {
    this.#copied.set(name, await copy(text));
    this.requestUpdate();
  }
}

customElements.define("tt-first-message", FirstMessage);
