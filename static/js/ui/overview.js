/** The overview: devices in their groups, a tile for each metric, and the layer that people put over that order. */
import { html, nothing, repeat } from "lit";
import { pageUrl } from "telltale/api.js";
import { model } from "telltale/context.js";
import { filter, label } from "telltale/core/inventory.js";
import { compose } from "telltale/core/layout.js";
import { isFiltered, testsOf } from "telltale/core/overview.js";
import { t } from "telltale/core/words.js";
import { layout } from "telltale/layout.js";
import { sparks } from "telltale/sparks.js";
import { moveButtons } from "telltale/ui/arrange.js";
import "telltale/ui/arrange_bar.js";
import { Arranging } from "telltale/ui/arranging.js";
import { Element } from "telltale/ui/element.js";
import "telltale/ui/filters.js";
import { icons } from "telltale/ui/icons.js";
import { clockNote, lastKnownList, presence } from "telltale/ui/presence.js";
import "telltale/ui/tile.js";
import "telltale/ui/tile_settings.js";
import { everySecond } from "telltale/ui/ticker.js";

/** Tiles up to which a device takes only that many columns; with more it takes them all. */
const NARROW = 3;

/** Charts, which come when they are first looked at; null: not asked for yet. */
let charts = null;

class Overview extends Element {
  static properties = { choice: { attribute: false }, version: { attribute: false } };
  #arranging = false;
  #acts = new Arranging(this);

  connectedCallback() {
    super.connectedCallback();
    this.on(layout, "change");
    this.on(model, "view");
    this.on(this, "toggle-arrange", () => this.#arrange(!this.#arranging));
    this.on(this, "arrange", ({ detail }) => this.#acts[detail.act](detail));
    this.on(document, "keydown", (event) => {
      if (event.key === "Escape" && this.#arranging && !event.target.closest?.("input, select, dialog"))
        this.#arrange(false);
    });
    this.until(
      everySecond(() => {
        if (this.choice.state) this.soon();
      }),
    );
  }

  #arrange(on) {
    this.#arranging = on;
    this.#acts.said = "";
    this.soon();
    if (!on) layout.edit("own");
    if (!on) this.updateComplete.then(() => this.querySelector("button.arrange")?.focus());
  }

  /** Have `found` be what there is to show now. */
  compose() {
    const { layers } = this.#acts;
    this.found = compose([...model.inventory.devices.values()], layers, {
      all: this.#arranging,
      ...testsOf(this.choice, {
        words: ({ id }, series) => [layers.series(series.name).title, layers.device(id).title, ...layers.device(id).tags],
        stateOf: (device, series) => sparks.state(device, series),
      }),
    });
  }

  willUpdate() {
    const all = [...model.inventory.devices.values()];
    if (this.choice.state)
      sparks.learn(
        all.flatMap((one) => one.series),
        model.view.range,
        this.soon,
      );
    this.compose();
    this.facts = {
      devices: all.length,
      offline: all.filter((one) => one.state === "offline").length,
      metrics: all.reduce((sum, one) => sum + one.series.length, 0),
      groups: this.found.groups,
      tags: this.found.tags,
      names: new Set(all.flatMap((one) => one.series.map((series) => series.metric))),
    };
  }

  render() {
    const { pinned, sections } = this.found;
    return html`<tt-filters .choice=${this.choice} .facts=${this.facts} ?arranging=${this.#arranging}></tt-filters>
      ${this.#arranging ? html`<tt-arrange-bar></tt-arrange-bar>` : nothing} ${this.#still()}
      <p class="offstage" role="status">${this.#acts.said}</p>
      ${this.choice.view === "charts" ? this.#charts() : this.#groups()}
      ${sections.length || pinned.length ? nothing : this.#nothing()}
      <tt-tile-settings></tt-tile-settings>`;
  }

  #groups() {
    const { pinned, sections } = this.found;
    const several = sections.length > 1 || sections[0]?.name || pinned.length;
    return html`${
        pinned.length
          ? html`<section class="group" aria-label=${t("Pinned")}>
              <header><h2>${t("Pinned")}</h2></header>
              <div class="devices">
                <div class="tiles whole" data-list="pinned">${this.#tiles(pinned, true)}</div>
              </div>
            </section>`
          : nothing
      }
      ${repeat(
        sections,
        ({ name }) => name,
        (section) => this.#section(section, several),
      )}`;
  }

  /** Tiles are live whatever the charts show. */
  #still() {
    if (model.view.live || this.choice.view === "charts") return nothing;
    return html`<p class="quiet still">${t("The time is held for charts; the tiles go on showing the newest values.")}</p>`;
  }

  #nothing() {
    if (isFiltered(this.choice)) return html`<p class="quiet waiting">${t("Nothing matches what is chosen above.")}</p>`;
    return html`<p class="quiet waiting">${t("Everything is hidden. “Arrange” shows it again.")}</p>`;
  }

  #section({ name, devices }, several) {
    const title = name ?? (this.found.sections.length > 1 ? t("Other devices") : t("Devices"));
    const offline = devices.filter(({ device }) => device.state === "offline").length;
    const buttons = this.#arranging && several ? moveButtons("groups", name ?? "", title) : nothing;
    return html`<section class="group" data-group=${name ?? ""} aria-label=${several ? title : t("Devices")}>
      ${
        several
          ? html`<header>
              <h2>${title}</h2>
              <span class="quiet">${devices.length}</span>
              ${offline ? html`<span class="chip" data-state="offline">${icons.unplugged}${t("{n} offline", { n: offline })}</span>` : nothing}
              ${buttons}
            </header>`
          : nothing
      }
      <div class="devices">
        ${repeat(
          devices,
          ({ device }) => device.id,
          (one) => this.#device(one, `group:${name ?? ""}`, several),
        )}
      </div>
    </section>`;
  }

  #device({ device, look, tiles }, list, several) {
    const title = look.title ?? label(device);
    const large = tiles.some((tile) => tile.look.size === "L");
    const span = tiles.length > NARROW || (large && tiles.length > 1) ? "all" : Math.max(1, tiles.length, large ? 2 : 1);
    const heading = html`<a href=${pageUrl(`devices/${encodeURIComponent(device.id)}`)}>${title}</a>`;
    return html`<section
      class="device"
      data-device=${device.id}
      data-state=${device.state}
      data-span=${span}
      ?data-hidden=${look.hidden}
      aria-label=${title}
    >
      <header>
        ${several ? html`<h3>${heading}</h3>` : html`<h2>${heading}</h2>`} ${presence(device)}
        ${look.tags.map((tag) => html`<span class="tag">${tag}</span>`)}
        ${this.#arranging ? this.#deviceButtons(device, title, list) : nothing}
      </header>
      ${clockNote(device)} ${lastKnownList(device, filter(this.choice.q))}
      ${device.series.length ? nothing : html`<p class="quiet">${t("No readings yet.")}</p>`}
      <div class="tiles" data-list="device:${device.id}">${this.#tiles(tiles, false)}</div>
    </section>`;
  }

  #deviceButtons(device, title, list) {
    return html`<span class="device-buttons"
      >${moveButtons(list, device.id, title)}<button
        class="tool small"
        aria-label=${t("Settings of {name}", { name: title })}
        title=${t("Name, group, tags")}
        @click=${() => this.querySelector("tt-tile-settings").openDevice(device, this.found.groups)}
      >
        ${icons.settings}
      </button></span
    >`;
  }

  /** Every series with its whole chart, a device below the other. */
  #charts() {
    if (!charts) {
      charts = import("telltale/ui/device.js");
      charts.then(() => this.soon()).catch(() => (charts = null)); // the next look tries again
    }
    if (!customElements.get("tt-device")) return html`<p class="quiet waiting">${t("Connecting…")}</p>`;
    const shown = new Map(this.found.sections.flatMap((one) => one.devices).map((one) => [one.device, one.tiles]));
    for (const tile of this.found.pinned) shown.set(tile.device, [tile, ...(shown.get(tile.device) ?? [])]);
    return repeat(
      shown,
      ([device]) => device.id,
      ([device, tiles]) =>
        html`<tt-device
          .device=${device}
          .shown=${tiles.map(({ series }) => series)}
          .matches=${filter(this.choice.q)}
          .version=${this.version}
        ></tt-device>`,
    );
  }

  #tiles(tiles, named) {
    return repeat(
      tiles,
      ({ series }) => series.name,
      (tile) =>
        html`<tt-tile
          .tile=${tile}
          ?arranging=${this.#arranging}
          ?named=${named}
          data-series=${tile.series.name}
        ></tt-tile>`,
    );
  }

  updated() {
    this.#acts.refocus();
  }
}

customElements.define("tt-overview", Overview);