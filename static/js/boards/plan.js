/** A floor plan: an image with live values pinned to it. While it is edited, pins are dragged, or moved by arrow keys. */
import { html, nothing } from "lit";
import { pageUrl } from "telltale/api.js";
import { Shower } from "telltale/boards/model.js";
import { fullName, shortName } from "telltale/boards/names.js";
import { valueOf } from "telltale/boards/value.js";
import { filled } from "telltale/core/boards.js";
import { t } from "telltale/core/words.js";
import { ageText, standingOf } from "telltale/ui/standing.js";

/** What an arrow key moves a pin by, as a share of the image. */
const STEP = 0.01;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class Plan extends Shower {
  static properties = { device: {}, editing: { type: Boolean } };
  #moving = null;

  render() {
    const { image, pins = [] } = this.part;
    if (!image) return html`<p class="quiet">${t("No image yet: choose one in this part's settings.")}</p>`;
    return html`<div class="plan">
      <div class="sheet">
        <img src=${pageUrl(`/api/images/${image}`)} alt=${t("Floor plan")} draggable="false" @load=${this.#fit} />
        ${pins.map((pin, index) => this.#pin(pin, index))}
      </div>
    </div>`;
  }

  connectedCallback() {
    super.connectedCallback();
    const resizes = new ResizeObserver(() => this.#fit());
    resizes.observe(this);
    this.until(() => resizes.disconnect());
  }

  /** The sheet is as large as fits with the sides of the image, so that pins stand on what they are pinned to. */
  #fit() {
    const [box, sheet, img] = [".plan", ".sheet", "img"].map((one) => this.querySelector(one));
    if (!img?.naturalWidth) return;
    const scale = Math.min(box.clientWidth / img.naturalWidth, box.clientHeight / img.naturalHeight);
    sheet.style.width = `${Math.floor(img.naturalWidth * scale)}px`;
    sheet.style.height = `${Math.floor(img.naturalHeight * scale)}px`;
  }

  #pin(pin, index) {
    const name = filled(pin.series, this.device);
    const series = this.series(name);
    const label = pin.label ? filled(pin.label, this.device) : shortName(name);
    const inner = html`<span class="who">${label}</span> ${valueOf(series)}`;
    const state = standingOf(series);
    const said = `${fullName(name)}, ${ageText(series)}`;
    const body = html`${inner}${state === "live" ? nothing : html`<span class="since" data-state=${state}>${ageText(series)}</span>`}`;
    if (!this.editing) return html`<div class="pin" data-index=${index} data-state=${state} title=${said}>${body}</div>`;
    return html`<button
      class="pin"
      data-index=${index}
      data-state=${state}
      title=${t("Drag, or move with the arrow keys")}
      @pointerdown=${this.#grab}
      @pointermove=${this.#drag}
      @pointerup=${this.#drop}
      @pointercancel=${this.#drop}
      @keydown=${this.#key}
    >
      ${body}
    </button>`;
  }

  updated() {
    const { pins = [] } = this.part;
    for (const pin of this.querySelectorAll(".pin")) {
      const { x, y } = pins[pin.dataset.index];
      if (this.#moving?.pin !== pin) place(pin, x, y);
    }
    this.#fit();
  }

  #grab(event) {
    if (event.button) return;
    event.stopPropagation();
    const pin = event.currentTarget;
    pin.setPointerCapture(event.pointerId);
    this.#moving = { pin, at: null };
  }

  #drag(event) {
    if (!this.#moving) return;
    const sheet = this.querySelector(".sheet").getBoundingClientRect();
    const share = (value) => Math.round(Math.min(Math.max(value, 0), 1) * 1000) / 1000;
    const at = [share((event.clientX - sheet.left) / sheet.width), share((event.clientY - sheet.top) / sheet.height)];
    this.#moving.at = at;
    place(this.#moving.pin, ...at);
  }

  #drop() {
    const moved = this.#moving;
    this.#moving = null;
    if (moved?.at) this.#tell(Number(moved.pin.dataset.index), ...moved.at);
  }

  #key(event) {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    event.stopPropagation();
    const index = Number(event.currentTarget.dataset.index);
    const { x, y } = this.part.pins[index];
    const share = (value, by) => Math.round(Math.min(Math.max(value + by * STEP, 0), 1) * 1000) / 1000;
    this.#tell(index, share(x, arrow[0]), share(y, arrow[1]));
  }

  #tell(index, x, y) {
    const pins = this.part.pins.map((pin, at) => (at === index ? { ...pin, x, y } : pin));
    this.dispatchEvent(new CustomEvent("pins", { detail: pins, bubbles: true }));
  }
}

function place(pin, x, y) {
  pin.style.left = `${100 * x}%`;
  pin.style.top = `${100 * y}%`;
}

customElements.define("tt-board-plan", Plan);
