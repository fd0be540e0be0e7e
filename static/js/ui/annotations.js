/** The notes of one card in a dialog: a table of those in the time shown, and for operators a form to add one. */
import { html, nothing, repeat } from "lit";
import { pageUrl } from "telltale/api.js";
import { me, model } from "telltale/context.js";
import { formatWhen } from "telltale/core/annotations.js";
import { titleOf } from "telltale/core/format.js";
import { label } from "telltale/core/inventory.js";
import { fromField, toField } from "telltale/core/moments.js";
import { t } from "telltale/core/words.js";
import { icons } from "telltale/ui/icons.js";
import { Panel } from "telltale/ui/panel.js";

class AnnotationsDialog extends Panel {
  #card = null;
  #gone = null;

  connectedCallback() {
    super.connectedCallback();
    this.on(model, "annotations");
    this.on(model, "view");
  }

  /** Show those of a card's series. */
  async open(series, device) {
    this.#card = { series, device };
    this.problem = "";
    this.#gone = null;
    this.requestUpdate();
    await this.updateComplete;
    this.#times();
    this.querySelector("dialog").showModal();
  }

  render() {
    if (!this.#card) return nothing;
    const { series, device } = this.#card;
    return html`<dialog aria-labelledby="notes-title">
      <header>
        <h2 id="notes-title">${t("Notes on {series}, {device}", { series: titleOf(series), device: label(device) })}</h2>
        <button class="tool" aria-label=${t("Close")} @click=${() => this.querySelector("dialog").close()}>
          ${icons.close}
        </button>
      </header>
      <div class="notes">${this.#table()} ${this.#undo()} ${me.operator ? this.#form() : nothing}</div>
    </dialog>`;
  }

  #table() {
    const now = model.clock.now();
    const { from, to } = model.view.span(now);
    const shown = model.annotations.on(this.#card.series.name, from, to).reverse();
    if (!shown.length)
      return html`<p class="quiet">
        ${t("No notes in the time shown. A note says what the readings cannot: a filter changed, a window left open.")}
      </p>`;
    return html`<table>
      <caption class="offstage">
        ${t("Notes in the time shown, newest first")}
      </caption>
      <thead>
        <tr>
          <th scope="col">${t("When, by")}</th>
          <th scope="col">${t("Note")}</th>
          ${me.operator ? html`<th scope="col"><span class="offstage">${t("Delete")}</span></th>` : nothing}
        </tr>
      </thead>
      <tbody>
        ${repeat(
          shown,
          (one) => one.id,
          (one) => this.#row(one, now),
        )}
      </tbody>
    </table>
    ${this.#file(from, to)}`;
  }

  /** They are a file too, with those on all series. */
  #file(from, to) {
    const query = Object.entries({ series: this.#card.series.name, from: Math.floor(from), to: Math.ceil(to) });
    return html`<p class="file"><a class="button small" href=${pageUrl("api/annotations.csv", query)} download>${icons.download}${t("Notes as CSV")}</a></p>`;
  }

  #row(one, now) {
    return html`<tr>
      <td>${formatWhen(one, now)}<br /><span class="quiet">${one.author}</span></td>
      <td class="note-cell">
        <span class="note-text">${one.text}</span>
        ${one.series === null ? html`<span class="quiet">${t("all series")}</span>` : nothing}
      </td>
      ${
        me.operator
          ? html`<td>
              <button aria-label=${t("Delete the note: {text}", { text: one.text.slice(0, 40) })} @click=${() => this.#delete(one)}>
                ${t("Delete")}
              </button>
            </td>`
          : nothing
      }
    </tr>`;
  }

  #undo() {
    const text = this.#gone ? `${t("Deleted: {text}", { text: this.#gone.text.slice(0, 40) })} ` : "";
    return html`<p class="undo" role="status">
      ${text}${this.#gone ? html`<button @click=${() => this.#restore()}>${t("Undo")}</button>` : nothing}
    </p>`;
  }

  #form() {
    return html`<form class="fields" @submit=${this.#add}>
      <h3>${t("Add a note")}</h3>
      <label class="wide">${t("Note")} <textarea name="text" rows="2" maxlength="1000" required></textarea></label>
      <label>${t("From")} <input type="datetime-local" name="from" step="1" required /></label>
      <label>${t("To, if it lasted")} <input type="datetime-local" name="to" step="1" /></label>
      <label
        >${t("Where")}
        <select name="where">
          <option value="series">${t("This series")}</option>
          <option value="all">${t("All series")}</option>
        </select></label
      >
      ${this.trouble()}
      <button class="primary" ?disabled=${this.busy}>${t("Add note")}</button>
    </form>`;
  }

  /** What the charts show is what the note is most likely about: the zoom, else now. */
  #times() {
    const form = this.querySelector("form");
    if (!form) return;
    const { zoom } = model.view;
    form.reset();
    form.elements.from.value = toField(zoom?.from ?? model.clock.now());
    form.elements.to.value = zoom ? toField(zoom.to) : "";
  }

  async #add(event) {
    event.preventDefault();
    const { text, from, to, where } = event.target.elements;
    const series = where.value === "all" ? null : this.#card.series.name;
    const body = { text: text.value, from: fromField(from.value), to: fromField(to.value), series };
    await this.attempt(async () => {
      model.annotated(await model.api.post("api/annotations", body));
      text.value = "";
      text.focus();
    });
  }

  async #delete(one) {
    await this.attempt(async () => {
      this.#gone = await model.api.delete(`api/annotations/${one.id}`);
      model.annotated(this.#gone);
      this.requestUpdate();
      await this.updateComplete;
      this.querySelector(".undo button")?.focus();
    });
  }

  async #restore() {
    await this.attempt(async () => {
      model.annotated(await model.api.post(`api/annotations/${this.#gone.id}/restore`, {}));
      this.#gone = null;
      this.querySelector("dialog .tool").focus();
    });
  }
}

customElements.define("tt-annotations", AnnotationsDialog);
