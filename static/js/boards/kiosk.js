/**
 * A screen on a wall: nothing but the readings, one screen of them after the other, for weeks without a hand. Boards
 * come from memory, so it goes on turning while the server is away; it loads itself anew only when a server that
 * answers has another build of the pages.
 */
import { html, nothing } from "lit";
import { SCREEN } from "telltale/api.js";
import "telltale/boards/grid.js";
import { openRange } from "telltale/boards/model.js";
import { model } from "telltale/context.js";
import { automatic, fitting, isTemplate, screens } from "telltale/core/boards.js";
import { formatTime, titleOf } from "telltale/core/format.js";
import { label } from "telltale/core/inventory.js";
import { compose } from "telltale/core/layout.js";
import { canonical } from "telltale/core/units.js";
import { t } from "telltale/core/words.js";
import { layout } from "telltale/layout.js";
import { Element } from "telltale/ui/element.js";
import { everySecond } from "telltale/ui/ticker.js";

/** Seconds a screen stays, where there is more than one and the address does not say. */
const USUAL = 30;
const SHORTEST = 3;
const BUILD = "api/build";

class Kiosk extends Element {
  static properties = { board: {}, build: {} };
  #boards = null;
  #at = 0;
  #turned = performance.now();
  #params = new URLSearchParams(location.search);
  #missing = false;

  connectedCallback() {
    super.connectedCallback();
    document.documentElement.dataset.kiosk = "";
    this.on(model, "structure");
    this.on(layout, "change");
    this.on(model, "connection", () => this.#connected());
    this.on(model, "board", () => this.#load());
    this.until(everySecond(() => this.#turn()));
    this.#load();
    this.#arrange();
  }

  #connected() {
    if (model.connection === "live") {
      this.#upgrade();
      this.#load();
      this.#arrange();
    }
    this.soon();
  }

  /** Whether all that there is is shown, as the overview has it. */
  get #all() {
    return !this.board && !this.#params.has("boards");
  }

  #arrange() {
    if (this.#all) layout.load();
  }

  /** Only an answer of the server that is there now leads to a reload; no answer changes nothing. */
  async #upgrade() {
    const answer = await model.api.get(BUILD).catch(() => null);
    if (answer?.build && answer.build !== this.build) location.reload();
  }

  /** The boards that are shown in turn; those in memory stay when the server does not answer. */
  async #load() {
    const ids = await this.#ids();
    if (ids === null) return;
    const answers = await Promise.all(ids.map((id) => model.api.get(`api/boards/${id}`).catch(() => null)));
    const found = answers.filter((one) => one && one.deleted === null);
    this.#missing = !found.length && Boolean(this.board);
    if (found.length || !ids.length) {
      this.#boards = found.map((one) => one.board);
      if (found.length) openRange(found[0].board);
    }
    else if (this.#missing) this.#boards ??= [];
    this.soon();
  }

  async #ids() {
    const named = this.#params.get("boards");
    const first = this.board ? [this.board] : [];
    if (named && named !== "all") return [...new Set([...first, ...named.split(",").map(encodeURIComponent)])];
    if (!this.#params.has("rotate") && !named) return first;
    const answer = await model.api.get("api/boards").catch(() => null);
    const all = answer?.boards.filter((one) => one.deleted === null).map((one) => String(one.id));
    return all ? [...new Set([...first, ...all])] : null;
  }

  get seconds() {
    const asked = Number(this.#params.get("rotate"));
    return Number.isFinite(asked) && asked > 0 ? Math.max(asked, SHORTEST) : USUAL;
  }

  /** What there is to show: [{name, device, content}], a screen each. */
  get screens() {
    const found = [];
    if (this.#all && layout.loaded) found.push(...this.#screensOf(this.#everything(), null));
    for (const content of this.#boards ?? []) {
      if (!isTemplate(content)) found.push(...this.#screensOf(content, null));
      else for (const device of this.#devices(content)) found.push(...this.#screensOf(content, device));
    }
    return found;
  }

  #devices(content) {
    const chosen = this.#params.get("device");
    if (chosen) return [chosen];
    return fitting(content, [...model.inventory.devices.keys()], model.series);
  }

  #everything() {
    const { pinned, sections } = compose([...model.inventory.devices.values()], layout.layers);
    const tiles = [...pinned, ...sections.flatMap(({ devices }) => devices.flatMap((one) => one.tiles))];
    return automatic(tiles.map(({ series, device, look }) => ({ name: series.name, ...this.#look(series, device, look) })));
  }

  /** What people chose on the overview holds on the wall too: names and units. */
  #look(series, device, { title, unit }) {
    const own = layout.layers.device(device.id).title;
    const named = title || own ? { title: `${title ?? titleOf(series)} · ${own ?? label(device)}` } : {};
    const shown = series.unit ? (unit ?? layout.layers.unit(canonical(series.unit))) : null;
    return shown ? { ...named, unit: shown } : named;
  }

  #screensOf(content, device) {
    const known = device && model.inventory.devices.get(device);
    const who = device ? (known ? label(known) : device) : "";
    const name = [content.name, who].filter(Boolean).join(" · ");
    return screens(content.parts).map((parts) => ({ name, device, content: { ...content, parts } }));
  }

  #turn() {
    const all = this.screens.length;
    if (performance.now() - this.#turned < 1000 * this.seconds) return this.soon();
    this.#turned = performance.now();
    if (all > 1) this.#at = (this.#at + 1) % all;
    return this.soon();
  }

  render() {
    if (SCREEN !== null && model.connection === "ended") return this.#revoked();
    const all = this.screens;
    const at = Math.min(this.#at, Math.max(0, all.length - 1));
    const screen = all[at];
    return html`<main id="main" class="wall">
      <h1 class="offstage">${screen?.name || "Telltale"}</h1>
      ${
        screen
          ? html`<tt-board-grid wall .content=${screen.content} .device=${screen.device}></tt-board-grid>`
          : html`<p class="quiet waiting">${this.#nothing()}</p>`
      }
      <footer class="wall-foot">
        <span class="name">${screen?.name || "Telltale"}</span>
        ${this.#connection()}
        ${all.length > 1 ? html`<span class="count">${at + 1}/${all.length}</span>` : nothing}
        <time>${formatTime(model.clock.now(), { seconds: false })}</time>
      </footer>
    </main>`;
  }

  /** A link that was revoked shows nothing any more: whoever looks after the wall is told so, calmly. */
  #revoked() {
    return html`<main id="main" class="screen-ended">
      <h1>${t("This link was revoked.")}</h1>
      <p>${t("It showed a board here until someone ended it, or its time was over. Open a new link to show one again.")}</p>
    </main>`;
  }

  #nothing() {
    if (!model.ready || this.#boards === null || (this.#all && !layout.loaded)) return t("Connecting…");
    if (this.#missing) return t("There is no such board.");
    return t("Nothing to show yet.");
  }

  #connection() {
    if (model.connection === "live") return html`<span class="link" data-state="live">${t("Live")}</span>`;
    const time = model.lost === null ? "–" : formatTime(model.lost);
    return html`<span class="link" data-state="down" role="status"
      >${model.connection === "ended" ? t("Access has ended. Values are as of {time}.", { time }) : t("No connection to the server. Values are as of {time}.", { time })}</span
    >`;
  }
}

customElements.define("tt-kiosk", Kiosk);
