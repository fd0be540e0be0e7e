/** One device: its name, whether it is there, and a card for each of its series. */
import { html, nothing, repeat } from "lit";
import { pageUrl } from "telltale/api.js";
import { me, model } from "telltale/context.js";
import { formatLabel, formatMoment, formatValue } from "telltale/core/format.js";
import { label, lastKnown, namesOf } from "telltale/core/inventory.js";
import "telltale/ui/card.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";

const COLOURS = 6;

class Device extends Element {
  static properties = { device: { attribute: false }, matches: { attribute: false }, version: { attribute: false } };

  willUpdate() {
    this.dataset.device = this.device.id;
    this.dataset.state = this.device.state;
  }

  render() {
    const { device } = this;
    const shown = device.series.filter((one) => this.matches(...namesOf(device, one)));
    return html`<section aria-label=${label(device)}>
      <header>
        <h2>${label(device)}</h2>
        ${label(device) === device.id ? nothing : html`<span class="id">${device.id}</span>`} ${this.#presence()} ${this.#messages()}
      </header>
      ${this.#clock()} ${this.#lastKnown()}
      ${device.series.length ? nothing : html`<p class="quiet">No readings yet.</p>`}
      <div class="cards">
        ${repeat(
          shown,
          (one) => one.name,
          (one) =>
            html`<tt-card
              .series=${one}
              .device=${device}
              .colour=${1 + (device.series.indexOf(one) % COLOURS)}
              data-series=${one.name}
            ></tt-card>`,
        )}
      </div>
    </section>`;
  }

  /** The way to its raw messages, for who may see them. */
  #messages() {
    if (!me.operator) return nothing;
    const { id } = this.device;
    const address = pageUrl(`devices/${encodeURIComponent(id)}`);
    return html`<a class="messages" href=${address} aria-label="Last messages of ${label(this.device)}">Messages</a>`;
  }

  #clock() {
    const { clock } = this.device;
    if (!clock) return nothing;
    const said = new Date(clock.said);
    const time = Number.isNaN(said.getTime()) ? clock.said : said.toISOString().slice(0, 19).replace("T", " ");
    return html`<p class="clock-wrong">
      ${icons.warning}Its clock is wrong: it said ${time} UTC. Its readings have the time of their arrival.
    </p>`;
  }

  /** Values that a broker had kept: no one knows how old they are, and none is a reading. */
  #lastKnown() {
    const known = lastKnown(this.device).filter(([metric]) =>
      this.matches(label(this.device), this.device.id, metric, formatLabel(metric)),
    );
    if (!known.length) return nothing;
    return html`<dl class="last-known" aria-label="Last known values">
      ${known.map(
        ([metric, one]) => html`<div>
          <dt>${formatLabel(metric)}</dt>
          <dd>${formatValue(one.value)} ${one.unit ?? ""} <span>${ageOf(one, model.clock.now())}</span></dd>
        </div>`,
      )}
    </dl>`;
  }

  updated() {
    // a card shows its device's state, but only its own properties make Lit update it
    for (const card of this.querySelectorAll("tt-card")) card.soon();
  }

  #presence() {
    const { state, since } = this.device;
    const before = model.connection === "live" ? "" : "was ";
    if (state !== "offline") return html`<span class="chip" data-state="online">${before}online</span>`;
    const moment = since ? ` since ${formatMoment(since, model.clock.now())}` : "";
    return html`<span class="chip" data-state="offline">${icons.unplugged}offline${moment}</span>`;
  }
}

function ageOf({ ts }, now) {
  return ts === null ? "last known, age unknown" : `last known, from ${formatMoment(ts, now)}`;
}

customElements.define("tt-device", Device);
