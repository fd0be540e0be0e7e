/** The MQTT brokers: whether each is there, and what came from it in this run. */
import { html, nothing } from "lit";
import { Brokers } from "telltale/brokers.js";
import { figures, note, stateOf } from "telltale/core/brokers.js";
import { t } from "telltale/core/words.js";
import { api } from "telltale/data/context.js";
import { Element } from "telltale/ui/element.js";

class BrokerPanel extends Element {
  #brokers = new Brokers(api);
  #wanted = location.hash === "#brokers";

  connectedCallback() {
    super.connectedCallback();
    this.on(this.#brokers, "change");
    this.until(this.#brokers.follow());
  }

  /** A link to this section was followed before it was there. */
  updated() {
    if (!this.#wanted || !this.#brokers.list) return;
    this.#wanted = false;
    this.scrollIntoView();
  }

  render() {
    const { list } = this.#brokers;
    if (!list) return nothing;
    return html`<section aria-labelledby="brokers-title">
      <h2 id="brokers-title">MQTT</h2>
      ${
        list.length
          ? list.map((one) => this.#broker(one))
          : html`<p class="quiet">${t("No broker is set. Devices that speak MQTT need one: [mqtt] url in config.ini.")}</p>`
      }
    </section>`;
  }

  #broker(one) {
    const now = Date.now();
    const { state, text } = stateOf(one, now);
    const [what, why] = state === "lost" ? note(one, now) : [];
    return html`<h3>${one.broker} <span class="broker-state" data-state=${state}>${text}</span></h3>
      ${what ? html`<p class="problem">${why} ${t("Devices behind it are not heard.")}</p>` : nothing}
      <table class="broker-table">
        <caption class="offstage">
          ${t("What came from {broker} in this run", { broker: one.broker })}
        </caption>
        <tbody>
          ${figures(one).map(
            ([name, figure, about]) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td class="figure">${figure}</td>
                <td class="quiet">${about}</td>
              </tr>`,
          )}
        </tbody>
      </table>`;
  }
}

customElements.define("tt-brokers", BrokerPanel);
