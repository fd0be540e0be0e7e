/** The settings of one part, or of the whole board, in a dialog. Tells `apply` with what they are then. */
import { html, nothing } from "lit";
import { uploadImage } from "telltale/boards/images.js";
import { kindWord } from "telltale/boards/words.js";
import { model } from "telltale/context.js";
import { KINDS } from "telltale/core/boards.js";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";

/** Names that a field offers; a browser does not search more of them well. */
const OFFERED = 2_000;
const LIMITS = [
  ["min", t("Lowest")],
  ["max", t("Highest")],
  ["low", t("Warn below")],
  ["high", t("Warn above")],
];

class Editor extends Element {
  #part = null;
  #busy = false;
  #problem = "";

  /** Show the settings of a part. */
  open(part) {
    this.#part = structuredClone(part);
    this.#problem = "";
    this.requestUpdate();
    this.updateComplete.then(() => {
      this.querySelector("dialog").showModal();
      this.querySelector("[data-first]")?.focus();
    });
  }

  render() {
    const part = this.#part;
    return html`<dialog class="part-editor" aria-labelledby="part-title">
      ${part ? this.#form(part) : nothing}
    </dialog>`;
  }

  #form(part) {
    const { series: most } = KINDS[part.kind];
    return html`<form @submit=${this.#apply} @keydown=${this.#key}>
      <header>
        <h2 id="part-title">${kindWord(part.kind)}</h2>
        <button class="tool" type="button" aria-label=${t("Close")} @click=${this.#close}>${icons.close}</button>
      </header>
      <label class="field">
        <span>${t("Title")}</span>
        <input
          name="title"
          maxlength="80"
          autocomplete="off"
          placeholder=${t("by itself")}
          .value=${part.title ?? ""}
          @input=${(event) => this.#set("title", event.target.value || undefined)}
        />
      </label>
      ${most ? this.#series(part, most) : nothing} ${part.kind === "text" ? this.#text(part) : nothing}
      ${part.kind === "plan" ? this.#plan(part) : nothing}
      ${["gauge", "tile", "chart"].includes(part.kind) ? this.#limits(part) : nothing}
      <p role="alert" class="problem">${this.#problem}</p>
      <footer>
        <button type="button" @click=${this.#close}>${t("Cancel")}</button>
        <button class="primary" ?disabled=${this.#busy}>${t("Apply")}</button>
      </footer>
      <datalist id="board-series">${this.#offers().map((name) => html`<option value=${name}></option>`)}</datalist>
    </form>`;
  }

  #offers() {
    return [...model.series.keys()].sort().slice(0, OFFERED);
  }

  #series(part, most) {
    const list = part.series ?? [];
    const rows = list.length < most ? [...list, ""] : list;
    return html`<fieldset>
      <legend>${most === 1 ? t("Series") : t("Series, up to {most}", { most })}</legend>
      ${rows.map(
        (name, index) =>
          html`<div class="row">
            <input
              list="board-series"
              maxlength="512"
              autocomplete="off"
              spellcheck="false"
              ?data-first=${index === list.length}
              aria-label=${t("Series {n}", { n: index + 1 })}
              placeholder=${index ? t("another series") : t("device/metric")}
              .value=${name}
              @change=${(event) => this.#name(index, event.target.value.trim())}
            />
            ${
              name
                ? html`<button
                    class="tool"
                    type="button"
                    title=${t("Remove")}
                    aria-label=${t("Remove {name}", { name })}
                    @click=${() => this.#name(index, "")}
                  >
                    ${icons.close}
                  </button>`
                : nothing
            }
          </div>`,
      )}
      <p class="quiet">
        ${t("* stands for anything. With {device} in a name, the board is one for every device: it is chosen when it is looked at.", { device: "{device}" })}
      </p>
    </fieldset>`;
  }

  #name(index, name) {
    const list = [...(this.#part.series ?? [])];
    if (name) list[index] = name;
    else list.splice(index, 1);
    this.#set("series", list.length ? list : undefined);
  }

  #text(part) {
    return html`<label class="field">
      <span>${t("Text")}</span>
      <textarea
        data-first
        rows="8"
        maxlength="4000"
        .value=${part.text ?? ""}
        @input=${(event) => this.#set("text", event.target.value)}
      ></textarea>
      <span class="quiet">${t("“# ” begins a heading, “- ” an item of a list.")}</span>
    </label>`;
  }

  #limits(part) {
    const fields = part.kind === "gauge" ? LIMITS : LIMITS.slice(2);
    return html`<fieldset class="limits">
      <legend>${t("Limits")}</legend>
      ${fields.map(
        ([key, label]) =>
          html`<label class="field">
            <span>${label}</span>
            <input
              type="number"
              step="any"
              name=${key}
              .value=${part[key] ?? ""}
              @input=${(event) => this.#set(key, event.target.value === "" ? undefined : event.target.valueAsNumber)}
            />
          </label>`,
      )}
    </fieldset>`;
  }

  #plan(part) {
    const pins = part.pins ?? [];
    return html`<label class="field">
        <span>${t("Image")}</span>
        <input type="file" accept="image/png,image/jpeg,image/webp,image/svg+xml,image/*" ?disabled=${this.#busy} @change=${this.#upload} />
        <span class="quiet" role="status"
          >${this.#busy ? t("Uploading…") : part.image ? t("There is an image. Another one replaces it.") : t("A drawing or a photo of the place.")}</span
        >
      </label>
      <fieldset>
        <legend>${t("Pins")}</legend>
        ${[...pins, null].map(
          (pin, index) =>
            html`<div class="row">
              <input
                list="board-series"
                maxlength="512"
                autocomplete="off"
                spellcheck="false"
                aria-label=${t("Series of pin {n}", { n: index + 1 })}
                placeholder=${t("device/metric")}
                .value=${pin?.series ?? ""}
                @change=${(event) => this.#pin(index, { series: event.target.value.trim() })}
              />
              <input
                class="small"
                maxlength="80"
                autocomplete="off"
                aria-label=${t("Label of pin {n}", { n: index + 1 })}
                placeholder=${t("label")}
                ?disabled=${!pin}
                .value=${pin?.label ?? ""}
                @change=${(event) => this.#pin(index, { label: event.target.value.trim() || undefined })}
              />
            </div>`,
        )}
        <p class="quiet">${t("Pins are put in their places on the board itself: drag them, or use the arrow keys.")}</p>
      </fieldset>`;
  }

  #pin(index, fields) {
    const pins = [...(this.#part.pins ?? [])];
    // new ones do not lie on each other
    const place = { x: 0.1 + 0.2 * (index % 5), y: 0.1 + 0.15 * (Math.floor(index / 5) % 6) };
    const pin = { ...place, ...pins[index], ...fields };
    if (pin.label === undefined) delete pin.label;
    if (pin.series) pins[index] = pin;
    else pins.splice(index, 1);
    this.#set("pins", pins.length ? pins : undefined);
  }

  async #upload(event) {
    const [file] = event.target.files;
    if (!file) return;
    this.#busy = true;
    this.#problem = "";
    this.requestUpdate();
    try {
      this.#part = { ...this.#part, image: await uploadImage(file, model.api) };
    } catch (error) {
      this.#problem = error.message;
    }
    this.#busy = false;
    this.requestUpdate();
  }

  #set(key, value) {
    this.#part = { ...this.#part, [key]: value };
    if (value === undefined) delete this.#part[key];
    this.requestUpdate();
  }

  /** Enter in a field takes what it says; the form is applied by its button, or by Enter once more. */
  #key(event) {
    if (event.key !== "Enter" || !event.target.matches("input[list]") || !event.target.value) return;
    event.target.dispatchEvent(new Event("change"));
  }

  #apply(event) {
    event.preventDefault();
    const { min, max } = this.#part;
    if (min !== undefined && max !== undefined && min >= max) {
      this.#problem = t("The lowest must be below the highest.");
      this.requestUpdate();
      return;
    }
    this.dispatchEvent(new CustomEvent("apply", { detail: this.#part }));
    this.#close();
  }

  #close() {
    document.querySelector(".part-editor").close();
  }
}

customElements.define("tt-part-editor", Editor);
