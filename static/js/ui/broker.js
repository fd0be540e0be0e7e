/** The MQTT brokers for operators: a mark in the bar, and a note under it while one is missing. */
import { html, nothing } from "lit";
import { pageUrl } from "telltale/api.js";
import { brokers, me, model } from "telltale/context.js";
import { lostOnes, note, overall } from "telltale/core/brokers.js";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";

class Broker extends Element {
  connectedCallback() {
    super.connectedCallback();
    this.on(brokers, "change");
    this.until(brokers.follow());
  }

  render() {
    const shown = overall(brokers.list, model.clock.now());
    if (!shown) return nothing;
    return html`<a
      class="tool broker"
      href="${pageUrl("data")}#brokers"
      data-state=${shown.state}
      title=${shown.text}
      aria-label=${shown.text}
      >${icons.broker}</a
    >`;
  }
}

class BrokerNote extends Element {
  connectedCallback() {
    super.connectedCallback();
    this.setAttribute("role", "status");
    if (me.operator) this.on(brokers, "change");
  }

  render() {
    const now = model.clock.now();
    return lostOnes(brokers.list, now).map((one) => {
      const [what, why] = note(one, now);
      return html`<p>${icons.warning}<span><strong>${what}</strong> ${why} <a href="${pageUrl("data")}#brokers">${t("Details")}</a></span></p>`;
    });
  }
}

customElements.define("tt-broker", Broker);
customElements.define("tt-broker-note", BrokerNote);
