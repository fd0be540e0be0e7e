/** Deletes or masks spans and spikes, and undoes that: a form, and the list of what was done by whom and why. */
import { html, nothing, repeat } from "lit";
import { correctionOf, stateOf, which } from "telltale/core/corrections.js";
import { formatMoment } from "telltale/core/format.js";
import { fromField } from "telltale/core/moments.js";
import { t } from "telltale/core/words.js";
import { sure } from "telltale/data/confirm.js";
import { api, changed } from "telltale/data/context.js";
import { Panel } from "telltale/ui/panel.js";

/** ms between two looks while one is at work. */
const EVERY = 1_000;

class Corrections extends Panel {
  #list = null;
  #timer = null;

  connectedCallback() {
    super.connectedCallback();
    this.until(() => clearTimeout(this.#timer));
    this.attempt(() => this.#load());
  }

  async #load() {
    clearTimeout(this.#timer);
    this.#list = (await api.get("api/corrections")).corrections;
    this.requestUpdate();
    if (this.#list.some((one) => one.state === "running")) {
      this.#timer = setTimeout(() => this.#load().catch(() => {}), EVERY);
    }
  }

  render() {
    return html`<section aria-labelledby="corrections-title">
      <h2 id="corrections-title">${t("Corrections")}</h2>
      <p class="quiet">
        ${t("Takes readings out that were never true: a spike, a sensor on the bench. Roll-ups and charts follow, and every correction can be undone.")}
      </p>
      ${this.#form()} ${this.#listed()}
    </section>`;
  }

  #form() {
    return html`<form class="fields" @submit=${this.#add}>
      <label class="wide"
        >${t("Series")} <input name="series" list="series-names" autocomplete="off" spellcheck="false" required
      /></label>
      <label>${t("From")} <input type="datetime-local" name="from" step="1" required /></label>
      <label>${t("To")} <input type="datetime-local" name="to" step="1" required /></label>
      <label
        >${t("What")}
        <select name="action">
          <option value="mask">${t("Mask: hide the readings")}</option>
          <option value="delete">${t("Delete the readings")}</option>
        </select></label
      >
      <label>${t("Only above")} <input name="above" inputmode="decimal" placeholder=${t("any value")} /></label>
      <label>${t("Only below")} <input name="below" inputmode="decimal" placeholder=${t("any value")} /></label>
      <label class="wide">${t("Why")} <input name="why" maxlength="500" required placeholder=${t("sensor fell off")} /></label>
      ${this.trouble()}
      <button class="danger" ?disabled=${this.busy}>${t("Correct")}</button>
    </form>`;
  }

  #listed() {
    if (!this.#list) return nothing;
    if (!this.#list.length) return html`<p class="quiet">${t("Nothing has been corrected yet.")}</p>`;
    const columns = [t("Series"), t("Span"), t("What"), t("Why"), t("Who"), t("Result")];
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("Corrections so far")}>
      <table>
        <thead>
          <tr>
            ${columns.map((name) => html`<th scope="col">${name}</th>`)}
            <th scope="col"><span class="offstage">${t("Undo")}</span></th>
          </tr>
        </thead>
        <tbody>
          ${repeat(
            this.#list,
            (one) => one.id,
            (one) => this.#row(one),
          )}
        </tbody>
      </table>
    </div>`;
  }

  #row(one) {
    const now = Date.now();
    const moment = (time) => formatMoment(time, now);
    const undone =
      one.state === "undone" ? ` ${t("by {who}, {moment}", { who: one.undone_by, moment: moment(one.undone_at) })}` : "";
    return html`<tr>
      <td>${one.series}</td>
      <td>${moment(one.from)} – ${moment(one.to)}</td>
      <td>${one.action === "mask" ? t("masked") : t("deleted")}: ${which(one)}</td>
      <td>${one.why}</td>
      <td>${one.who}, ${moment(one.when)}</td>
      <td>${stateOf(one)}${undone}</td>
      <td>
        ${
          one.state === "done"
            ? html`<button
                ?disabled=${this.busy}
                aria-label=${t("Undo: {series}, {why}", one)}
                @click=${() => this.#undo(one)}
              >
                ${t("Undo")}
              </button>`
            : nothing
        }
      </td>
    </tr>`;
  }

  async #add(event) {
    event.preventDefault();
    const form = event.target;
    const values = Object.fromEntries(new FormData(form));
    const { body, error } = correctionOf({ ...values, from: fromField(values.from), to: fromField(values.to) });
    if (error) {
      this.problem = error;
      this.requestUpdate();
      return;
    }
    const span = `${formatMoment(body.from, Date.now())} – ${formatMoment(body.to, Date.now())}`;
    const about = { which: which(body), series: body.series, span };
    const text = t("{which} of {series}, {span}. It can be undone.", about);
    const [title, verb] =
      body.action === "mask"
        ? [t("Mask these readings?"), t("Mask")]
        : [t("Delete these readings?"), t("Delete")];
    if (!(await sure({ title, text, verb }))) return;
    const done = await this.attempt(async () => {
      await api.post("api/corrections", body);
      await this.#load();
    });
    if (done) form.reset();
    changed();
  }

  async #undo(one) {
    await this.attempt(async () => {
      await api.post(`api/corrections/${one.id}/undo`, {});
      await this.#load();
    });
    changed();
  }
}

customElements.define("tt-corrections", Corrections);
