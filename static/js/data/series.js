/** A series is a role: give it another name, or let it go on with the readings of another device's series. */
import { html, nothing } from "lit";
import { fromField } from "telltale/core/moments.js";
import { t } from "telltale/core/words.js";
import { sure } from "telltale/data/confirm.js";
import { api, changed } from "telltale/data/context.js";
import { Panel } from "telltale/ui/panel.js";

class SeriesPanel extends Panel {
  static properties = { edit: { attribute: false }, rename: { attribute: false }, merge: { attribute: false } };
  /** What the last act was, "edit", "rename" or "merge": its form says what came of it. */
  #act = null;
  #done = "";

  render() {
    return html`<section aria-labelledby="series-title">
      <h2 id="series-title">${t("Series")}</h2>
      ${this.edit ? this.#editForm() : nothing} ${this.rename ? this.#renameForm() : nothing} ${this.merge ? this.#mergeForm() : nothing}
    </section>`;
  }

  #told(act) {
    const mine = this.#act === act;
    return html`${mine ? this.trouble() : nothing}
      <p class="wide told" role="status">${mine ? this.#done : ""}</p>`;
  }

  #editForm() {
    return html`<form class="fields" @submit=${this.#edit}>
      <h3>${t("Label and unit")}</h3>
      <p class="quiet wide">
        ${t("How it is shown. What you leave empty is as its device says; the numbers themselves are not converted.")}
      </p>
      <label
        >${t("Series")}
        <input
          name="series"
          list="series-names"
          autocomplete="off"
          spellcheck="false"
          required
          @change=${this.#current}
      /></label>
      <label>${t("Label")} <input name="label" autocomplete="off" maxlength="128" /></label>
      <label>${t("Unit")} <input name="unit" autocomplete="off" spellcheck="false" maxlength="32" placeholder="°C" /></label>
      <button class="primary" ?disabled=${this.busy}>${t("Save")}</button>
      ${this.#told("edit")}
    </form>`;
  }

  #renameForm() {
    return html`<form class="fields" @submit=${this.#rename}>
      <h3>${t("Rename")}</h3>
      <p class="quiet wide">${t("Its readings and notes stay with it, and its device goes on writing to it.")}</p>
      <label>${t("Series")} <input name="series" list="series-names" autocomplete="off" spellcheck="false" required /></label>
      <label>${t("New name")} <input name="name" autocomplete="off" spellcheck="false" required /></label>
      <button class="primary" ?disabled=${this.busy}>${t("Rename")}</button>
      ${this.#told("rename")}
    </form>`;
  }

  #mergeForm() {
    return html`<form class="fields" @submit=${this.#merge}>
      <h3>${t("Take over")}</h3>
      <p class="quiet wide">
        ${t("After a device was swapped: the series of the old one goes on with the readings of the new one, from a moment on.")}
      </p>
      <label
        >${t("From the new series")} <input name="from" list="series-names" autocomplete="off" spellcheck="false" required
      /></label>
      <label
        >${t("into the old series")} <input name="into" list="series-names" autocomplete="off" spellcheck="false" required
      /></label>
      <label>${t("since")} <input type="datetime-local" name="since" step="1" required /></label>
      <button class="primary" ?disabled=${this.busy}>${t("Take over")}</button>
      ${this.#told("merge")}
    </form>`;
  }

  /** Show what stands now, so that leaving a field as it is keeps it; what was typed meanwhile stays. */
  async #current(event) {
    const { form, value } = event.target;
    const before = [form.label.value, form.unit.value];
    const answer = await api.getSurely("api/series", [["series", value]]);
    const one = answer?.series.find(({ series }) => series === value);
    if (!one || form.series.value !== value) return;
    if (form.label.value === before[0]) form.label.value = one.label ?? "";
    if (form.unit.value === before[1]) form.unit.value = one.unit === one.source_unit ? "" : one.unit;
    form.unit.placeholder = one.source_unit ?? "°C";
  }

  async #edit(event) {
    event.preventDefault();
    const form = event.target;
    const body = Object.fromEntries(new FormData(form));
    this.#done = this.problem = "";
    this.#act = "edit";
    if (!(await this.attempt(() => api.post("api/series/edit", body)))) return;
    this.#done = t("{series} is shown like that now.", body);
    form.reset();
    this.requestUpdate();
    changed();
  }

  async #rename(event) {
    event.preventDefault();
    const { series, name } = Object.fromEntries(new FormData(event.target));
    const question = {
      title: t("Rename the series?"),
      text: t("{series} becomes {name}, for every program.", { series, name }),
      verb: t("Rename"),
    };
    await this.#send(event.target, question, "rename", { series, name }, t("{series} is now {name}.", { series, name }));
  }

  async #merge(event) {
    event.preventDefault();
    const { from, into, since } = Object.fromEntries(new FormData(event.target));
    const both = { into, from };
    const text = t("{into} goes on with the readings of {from}, and {from} is no series of its own any more.", both);
    const question = { title: t("Take over the series?"), text, verb: t("Take over") };
    const body = { from, into, since: fromField(since) };
    await this.#send(event.target, question, "merge", body, t("{into} goes on with {from}.", both));
  }

  async #send(form, question, act, body, done) {
    this.#done = this.problem = "";
    this.#act = act;
    this.requestUpdate();
    if (!(await sure(question))) return;
    if (!(await this.attempt(() => api.post(`api/series/${act}`, body)))) return;
    this.#done = done;
    form.reset();
    this.requestUpdate();
    changed();
  }
}

customElements.define("tt-series", SeriesPanel);
