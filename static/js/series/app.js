/** One series, live and past: its chart with what it is compared with, states, statistics and notes. */
import { html, nothing } from "lit";
import { address, param, paramList } from "telltale/address.js";
import { pageUrl } from "telltale/api.js";
import { model } from "telltale/context.js";
import { titleOf } from "telltale/core/format.js";
import { Ghost } from "telltale/core/ghost.js";
import { label } from "telltale/core/inventory.js";
import { parseLimits } from "telltale/core/limits.js";
import { panels } from "telltale/core/lines.js";
import { t } from "telltale/core/words.js";
import { addDays, addMonths } from "telltale/core/zone.js";
import { BEFORE } from "telltale/series/choices.js";
import { levelOf } from "telltale/series/statistics.js";
import "telltale/ui/annotations.js";
import "telltale/ui/banner.js";
import "telltale/ui/bar.js";
import { Element } from "telltale/ui/element.js";
import "telltale/ui/figure.js";
import "telltale/ui/states.js";

const COLOURS = 6;
const BACK = { day: (at) => addDays(at, -1), week: (at) => addDays(at, -7), year: (at) => addMonths(at, -12) };

class SeriesPage extends Element {
  #lines = [];
  #panels = [];
  #shape = "";
  #missing = false;
  #ghost = null;

  connectedCallback() {
    super.connectedCallback();
    this.name = this.dataset.series;
    this.on(model, "structure");
    this.on(model, "connection");
    this.on(address, "change", () => {
      model.follow(paramList("with"));
      this.soon();
    });
    this.on(this, "note", ({ detail }) =>
      this.querySelector("tt-annotations").open(detail, model.inventory.devices.get(detail.device)),
    );
    this.#look();
  }

  /** A series may have been renamed since its address was kept, or there is none. */
  async #look() {
    const answer = this.name ? await model.api.getSurely("api/series", [["series", this.name]]) : null;
    const found = answer?.series.find(({ series }) => series === this.name) ?? answer?.series[0];
    this.#missing = !found;
    if (found && found.series !== this.name) {
      this.name = found.series;
      model.follow([this.name]);
    }
    this.soon();
  }

  willUpdate() {
    const names = [this.name, ...paramList("with")];
    const series = names.map((one) => model.series.get(one)).filter((one) => one?.device);
    const before = param("before") in BACK ? param("before") : "";
    const shape = JSON.stringify([series.map((one) => [one.name, one.unit, one.kind, one.title]), before]);
    if (shape === this.#shape) return;
    this.#shape = shape;
    const numbers = series.filter(({ kind }) => kind === "number");
    const several = new Set(numbers.map(({ device }) => device)).size > 1;
    this.#lines = numbers.map((one, at) => ({
      ...{ key: one.name, series: one, colour: 1 + (at % COLOURS) },
      name: several ? `${titleOf(one)}, ${nameOf(one.device)}` : titleOf(one),
    }));
    const first = numbers[0];
    if (first && before && first.name === this.name) this.#lines.splice(1, 0, this.#before(first, before));
    this.#panels = panels(this.#lines);
    this.states = series.filter(({ kind }) => kind !== "number");
    this.numbers = numbers;
  }

  render() {
    const series = model.series.get(this.name);
    const title = series?.device ? titleOf(series) : this.name;
    if (document.title !== `${title} · Telltale`) document.title = `${title} · Telltale`;
    return html`<a class="skip" href="#main">${t("Skip to the readings")}</a>
      <div class="top"><tt-bar nofind .heading=${title || t("Series")}></tt-bar><tt-banner></tt-banner></div>
      <main id="main" tabindex="-1">${this.#main(series)}</main>
      <tt-annotations></tt-annotations>`;
  }

  #main(series) {
    if (!series?.device)
      return html`<p class="quiet waiting">${this.#missing ? t("There is no series of this name.") : t("Connecting…")}</p>`;
    const device = pageUrl(`/devices/${encodeURIComponent(series.device)}`);
    return html`<p class="device-head">
        <a href=${device}>${nameOf(series.device)}</a> <span class="id">${series.name}</span>
      </p>
      <tt-choices .name=${this.name} .limits=${series.limits}></tt-choices>
      ${this.#panels.map(
        ({ lines }, at) =>
          html`<tt-figure class="large" .lines=${lines} .limits=${at || param("limits") === null ? null : parseLimits(param("limits"))}></tt-figure>`,
      )}
      ${this.states.length ? html`<tt-states .series=${this.states}></tt-states>` : nothing}
      <tt-statistics .series=${this.numbers} .level=${levelOf()}></tt-statistics>`;
  }

  #before(series, before) {
    if (this.#ghost?.series !== series || this.#ghost.before !== before) {
      this.#ghost = new Ghost(series, BACK[before], async (name, from, to, points) => {
        const query = Object.entries({ series: name, from, to, points });
        const answer = await model.api.getSurely("api/history", query);
        return answer?.series[name] ?? null;
      });
      this.#ghost.before = before;
    }
    const key = `${series.name} ${before}`;
    return { key, series, colour: 6, dash: [5, 4], ghost: this.#ghost, name: BEFORE[before]() };
  }
}

const nameOf = (id) => label(model.inventory.devices.get(id) ?? { id });

customElements.define("tt-series-page", SeriesPage);
