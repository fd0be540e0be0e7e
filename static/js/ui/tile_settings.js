/** The dialog that names a tile or a device and says how it is shown; an empty field is as it would be by itself. */
import { html, nothing } from "lit";
import { formatLabel } from "telltale/core/format.js";
import { label } from "telltale/core/inventory.js";
import { SIZES } from "telltale/core/layout.js";
import { canonical, choices } from "telltale/core/units.js";
import { RANGES } from "telltale/core/view.js";
import { t } from "telltale/core/words.js";
import { layout } from "telltale/layout.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";

const COLOURS = [1, 2, 3, 4, 5, 6];
const SIZE_NAMES = { S: () => t("small"), M: () => t("medium"), L: () => t("large") };

class TileSettings extends Element {
  #series = null;
  #device = null;
  #groups = [];

  openSeries(series, device) {
    Object.assign(this, { series, device: null });
    this.#series = series;
    this.#device = null;
    this.owner = device;
    this.#open();
  }

  openDevice(device, groups) {
    this.#device = device;
    this.#series = null;
    this.#groups = groups;
    this.#open();
  }

  async #open() {
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector("form").reset();
    this.querySelector("dialog").showModal();
  }

  render() {
    const what = this.#series
      ? `${formatLabel(this.#series.metric)} · ${label(this.owner)}`
      : this.#device
        ? label(this.#device)
        : "";
    return html`<dialog aria-labelledby="settings-title">
      <header>
        <h2 id="settings-title">${what}</h2>
        <button class="tool" aria-label=${t("Close")} @click=${() => this.#close()}>${icons.close}</button>
      </header>
      <form class="look" @submit=${this.#save}>
        ${this.#series ? this.#tile() : this.#device ? this.#owner() : nothing}
        <footer>
          <button type="button" @click=${() => this.#close()}>${t("Cancel")}</button>
          <button class="primary">${t("Save")}</button>
        </footer>
      </form>
    </dialog>`;
  }

  #tile() {
    const series = this.#series;
    const look = layout.layers.series(series.name);
    const units = series.unit ? choices(series.unit) : [];
    const everywhere = layout.layers.unit(canonical(series.unit));
    return html`<label>${t("Name")}<input name="title" maxlength="128" .defaultValue=${look.title ?? ""} placeholder=${formatLabel(series.metric)} /></label>
      <label
        >${t("Size")}<select name="size">
          ${SIZES.map((size) => html`<option value=${size} ?selected=${look.size === size}>${SIZE_NAMES[size]()}</option>`)}
        </select></label
      >
      ${
        units.length
          ? html`<label
                >${t("Unit")}<select name="unit">
                  ${units.map(
                    (unit) =>
                      html`<option value=${unit} ?selected=${(look.unit ?? everywhere ?? units[0]) === unit}>${unit}</option>`,
                  )}
                </select></label
              >
              <label class="check"
                ><input type="checkbox" name="everywhere" />${t("Show everything that is in {unit} like that", { unit: units[0] })}</label
              >`
          : nothing
      }
      <fieldset>
        <legend>${t("Colour")}</legend>
        <label class="swatch"><input type="radio" name="colour" value="" .defaultChecked=${!look.colour} />${t("automatic")}</label>
        ${COLOURS.map(
          (colour) =>
            html`<label class="swatch" data-colour=${colour}
              ><input type="radio" name="colour" value=${colour} .defaultChecked=${look.colour === colour} /><i></i
              ><span class="offstage">${t("colour {n}", { n: colour })}</span></label
            >`,
        )}
      </fieldset>
      <label
        >${t("Time shown")}<select name="range">
          <option value="" ?selected=${!look.range}>${t("as the page")}</option>
          ${RANGES.map(([name, range]) => html`<option value=${range} ?selected=${look.range === range}>${name}</option>`)}
        </select></label
      >
      <label>${t("Lowest")}<input name="low" type="number" step="any" .defaultValue=${look.low ?? ""} placeholder=${t("automatic")} /></label>
      <label>${t("Highest")}<input name="high" type="number" step="any" .defaultValue=${look.high ?? ""} placeholder=${t("automatic")} /></label>`;
  }

  #owner() {
    const device = this.#device;
    const look = layout.layers.device(device.id);
    return html`<label>${t("Name")}<input name="title" maxlength="128" .defaultValue=${look.title ?? ""} placeholder=${label(device)} /></label>
      <label
        >${t("Group")}<input name="group" list="groups" maxlength="128" .defaultValue=${look.group ?? ""} placeholder=${t("by its name")} /><datalist
          id="groups"
        >
          ${this.#groups.map((name) => html`<option value=${name}></option>`)}
        </datalist></label
      >
      <label>${t("Tags, with commas between")}<input name="tags" maxlength="400" .defaultValue=${look.tags.join(", ")} /></label>
      <label class="check"><input type="checkbox" name="hidden" .defaultChecked=${look.hidden} />${t("Hide this device")}</label>`;
  }

  #save(event) {
    event.preventDefault();
    const given = new FormData(event.target);
    const text = (key) => given.get(key)?.trim() || null;
    const number = (key) => (text(key) === null ? null : Number(text(key)));
    if (this.#device) {
      const tags = [...new Set((text("tags") ?? "").split(",").map((tag) => tag.trim()))].filter(Boolean);
      layout.say("devices", this.#device.id, {
        title: text("title"),
        group: text("group"),
        tags: tags.length ? tags : null,
        hidden: given.has("hidden") || null,
      });
    } else {
      const unit = text("unit");
      const own = canonical(this.#series.unit);
      const fields = {
        title: text("title"),
        size: text("size") === "M" ? null : text("size"),
        colour: number("colour"),
        range: number("range"),
        low: number("low"),
        high: number("high"),
        unit: given.has("everywhere") || unit === (layout.layers.unit(own) ?? own) ? null : unit,
      };
      const units = given.has("everywhere") ? { units: { [own]: unit === own ? null : unit } } : {};
      layout.change({ series: { [this.#series.name]: fields }, ...units });
    }
    this.#close();
  }

  #close() {
    this.querySelector("dialog").close();
  }
}

customElements.define("tt-tile-settings", TileSettings);
