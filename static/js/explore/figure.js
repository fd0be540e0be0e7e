/**
 * What every chart of the page has: a canvas that follows its size, the theme and the time; a summary in words; points
 * that the pointer finds and the arrow keys step through, each told in words; and the numbers as a table on demand.
 */
import { html, nothing } from "lit";
import { t } from "telltale/core/words.js";
import { colour, themes } from "telltale/theme.js";
import { Element } from "telltale/ui/element.js";

export const FONT = "12px system-ui, sans-serif";

export class Figure extends Element {
  /** The index of the point that is told, or null. */
  at = null;
  #keyed = false;
  #open = false;
  #resizes = new ResizeObserver(() => this.#draw());

  connectedCallback() {
    super.connectedCallback();
    this.on(themes, "change");
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#resizes.disconnect();
  }

  /** What a chart says of itself; each chart has its own. `count` is how many points can be told. */
  get title() {
    return "";
  }
  get summary() {
    return "";
  }
  get count() {
    return 0;
  }
  /** The words of a point. */
  told() {
    return "";
  }
  /** The point at x, y (pixels), or null. */
  hit() {
    return null;
  }
  /** The point that a key leads to from `at`. */
  next(at, key) {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[key];
    return at === null ? 0 : Math.max(0, Math.min(at + step, this.count - 1));
  }
  /** Draw into a box of width × height pixels. */
  draw() {}
  /** {heads, rows} of the table behind it. */
  table() {
    return null;
  }
  /** More beside the title. */
  controls() {
    return nothing;
  }

  render() {
    return html`<section class="chart">
      <header>
        <h3>${this.title}</h3>
        ${this.controls()}
      </header>
      <div
        class="plot"
        role="figure"
        tabindex="0"
        aria-label="${this.title}. ${this.summary} ${t("Arrow keys step through the points.")}"
        @keydown=${this.#key}
        @pointermove=${this.#move}
        @pointerdown=${this.#move}
        @pointerleave=${() => this.#tell(null, false)}
        @blur=${() => this.#tell(null, false)}
      >
        <canvas aria-hidden="true"></canvas>
      </div>
      <p class="told-point" aria-live=${this.#keyed ? "polite" : "off"}>
        ${this.at === null ? html`<span class="quiet">${this.summary}</span>` : this.told(this.at)}
      </p>
      <details @toggle=${this.#toggle}>
        <summary>${t("As a table")}</summary>
        ${this.#open ? this.#table() : nothing}
      </details>
    </section>`;
  }

  firstUpdated() {
    this.#resizes.observe(this.querySelector(".plot"));
  }

  updated() {
    this.#draw();
  }

  #table() {
    const { heads, rows } = this.table();
    return html`<div class="scroll" tabindex="0" role="group" aria-label=${this.title}>
      <table>
        <thead>
          <tr>
            ${heads.map((head) => html`<th scope="col">${head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([first, ...cells]) =>
              html`<tr>
                <th scope="row">${first}</th>
                ${cells.map((cell) => html`<td class="number">${cell}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #toggle(event) {
    this.#open = event.target.open;
    this.requestUpdate();
  }

  #draw() {
    const canvas = this.querySelector("canvas");
    const box = canvas?.parentElement;
    if (!box?.clientWidth) return;
    const [width, height] = [box.clientWidth, box.clientHeight];
    const scale = devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.font = FONT;
    this.draw(pen, width, height);
  }

  #key(event) {
    if (!event.key.startsWith("Arrow") || event.ctrlKey || event.metaKey || event.altKey || !this.count) return;
    event.preventDefault();
    this.#tell(this.next(this.at, event.key), true);
  }

  #move(event) {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    this.#tell(this.count ? this.hit(event.clientX - left, event.clientY - top) : null, false);
  }

  #tell(at, keyed) {
    if (at === this.at && keyed === this.#keyed) return;
    this.at = at;
    this.#keyed = keyed;
    this.soon();
  }
}

/** Horizontal or vertical marks with labels; `place` makes pixels of values, `label` words. */
export function axis(pen, marks, { place, label, box, below }) {
  pen.lineWidth = 1;
  pen.textBaseline = below ? "top" : "middle";
  pen.textAlign = below ? "center" : "right";
  for (const mark of marks) {
    const at = Math.round(place(mark)) + 0.5;
    pen.strokeStyle = colour("--grid");
    pen.beginPath();
    pen.moveTo(...(below ? [at, box.top] : [box.left, at]));
    pen.lineTo(...(below ? [at, box.bottom] : [box.right, at]));
    pen.stroke();
    pen.fillStyle = colour("--ink-3");
    pen.fillText(label(mark), ...(below ? [at, box.bottom + 6] : [box.left - 6, at]));
  }
}
