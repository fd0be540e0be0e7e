/** One device: what it is and whether it is there, a chart for each of its numbers, and its states over time. */
import { html, nothing, repeat } from "lit";
import { pageUrl } from "telltale/api.js";
import { me, model } from "telltale/context.js";
import { titleOf } from "telltale/core/format.js";
import { filter, label, namesOf } from "telltale/core/inventory.js";
import { t } from "telltale/core/words.js";
import "telltale/ui/annotations.js";
import "telltale/ui/banner.js";
import "telltale/ui/bar.js";
import { Element } from "telltale/ui/element.js";
import "telltale/ui/figure.js";
import { clockNote, lastKnownList, presence } from "telltale/ui/presence.js";
import "telltale/ui/states.js";

const COLOURS = 6;

class DevicePage extends Element {
  #matches = filter("");
  #lines = new Map();

  connectedCallback() {
    super.connectedCallback();
    this.id_ = this.dataset.device;
    for (const name of ["structure", "connection"]) this.on(model, name);
    this.on(this, "filter", ({ detail }) => {
      this.#matches = filter(detail);
      this.soon();
    });
    this.on(this, "note", ({ detail }) => this.querySelector("tt-annotations").open(detail, this.#device));
  }

  get #device() {
    return model.inventory.devices.get(this.id_);
  }

  render() {
    const device = this.#device;
    const title = device ? label(device) : this.id_;
    if (document.title !== `${title} · Telltale`) document.title = `${title} · Telltale`;
    return html`<a class="skip" href="#main">${t("Skip to the readings")}</a>
      <div class="top"><tt-bar .heading=${title}></tt-bar><tt-banner></tt-banner></div>
      <main id="main" tabindex="-1">${this.#main(device)}</main>
      <tt-annotations></tt-annotations>`;
  }

  #main(device) {
    if (!model.ready) return html`<p class="quiet waiting">${t("Connecting…")}</p>`;
    if (!device)
      return html`<p class="quiet waiting">${t("No device of this name has spoken yet.")} ${this.#messages()}</p>`;
    const shown = device.series.filter((one) => this.#matches(...namesOf(device, one)));
    const numbers = shown.filter(({ kind }) => kind === "number");
    const states = shown.filter(({ kind }) => kind !== "number");
    return html`${this.#head(device)} ${lastKnownList(device, this.#matches)}
      ${device.series.length ? nothing : html`<p class="quiet waiting">${t("No readings yet.")}</p>`}
      ${shown.length || !device.series.length ? nothing : html`<p class="quiet waiting">${t("Nothing matches the filter.")}</p>`}
      <div class="figures">
        ${states.length ? html`<tt-states .series=${states}></tt-states>` : nothing}
        ${repeat(
          numbers,
          (one) => one.name,
          (one) =>
            html`<tt-figure
              .lines=${this.#lineOf(one, device)}
              .heading=${titleOf(one)}
              .href=${pageUrl("/series", [["name", one.name]])}
            ></tt-figure>`,
        )}
      </div>`;
  }

  #head(device) {
    return html`<p class="device-head">
        ${label(device) === device.id ? nothing : html`<span class="id">${device.id}</span>`} ${presence(device)} ${this.#messages()}
      </p>
      ${clockNote(device)}`;
  }

  /** The way to its raw messages, for who may see them. */
  #messages() {
    if (!me.operator) return nothing;
    return html`<a class="messages" href=${pageUrl(`/devices/${encodeURIComponent(this.id_)}/messages`)}
      >${t("Last messages")}</a
    >`;
  }

  /** The same list every time, so that its chart is not made anew. */
  #lineOf(series, device) {
    if (!this.#lines.has(series)) {
      const colour = 1 + (device.series.indexOf(series) % COLOURS);
      this.#lines.set(series, [{ key: series.name, series, colour }]);
    }
    return this.#lines.get(series);
  }
}

customElements.define("tt-device-page", DevicePage);
