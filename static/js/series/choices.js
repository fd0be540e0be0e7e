/** What else is drawn on the page of a series: other series, itself some time before, thresholds. Kept in the address. */
import { html, nothing } from "lit";
import { address, param, paramList, put } from "telltale/address.js";
import { me, model } from "telltale/context.js";
import { formatLimits, parseLimits, thresholdsOf } from "telltale/core/limits.js";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";

/** Names that a field offers; a browser does not search more of them well. */
const OFFERED = 2_000;
export const BEFORE = { day: () => t("Previous day"), week: () => t("Previous week"), year: () => t("Previous year") };

class Choices extends Element {
  static properties = { name: { attribute: false }, limits: { attribute: false } };
  #names = null;
  #problem = "";

  connectedCallback() {
    super.connectedCallback();
    this.on(address, "change");
  }

  render() {
    const others = paramList("with");
    const before = param("before") ?? "";
    return html`<form class="choices" @submit=${this.#add}>
        <label
          >${t("Compare with")}
          <input
            name="with"
            list="series-names"
            placeholder=${t("device/metric")}
            autocomplete="off"
            spellcheck="false"
            @focus=${this.#offer}
        /></label>
        <button>${t("Add")}</button>
        <label
          >${t("and before")}
          <select name="before" @change=${({ target }) => put({ before: target.value || null })}>
            <option value="" ?selected=${!before}>${t("nothing")}</option>
            ${Object.entries(BEFORE).map(
              ([key, text]) => html`<option value=${key} ?selected=${before === key}>${text()}</option>`,
            )}
          </select></label
        >
        <label
          >${t("Thresholds")}
          <input
            name="limits"
            size="10"
            placeholder="&gt;30, &lt;5"
            autocomplete="off"
            .value=${formatLimits(this.#shown)}
            @change=${this.#limited}
        /></label>
        ${this.#keep()}
      </form>
      ${this.#problem ? html`<p class="problem" role="alert">${this.#problem}</p>` : ""}
      <ul class="others" ?hidden=${!others.length}>
        ${others.map(
          (one) =>
            html`<li>
              ${one}
              <button class="tool" aria-label=${t("No longer compare with {series}", { series: one })} @click=${() => this.#drop(one)}>
                ${icons.close}
              </button>
            </li>`,
        )}
      </ul>
      <datalist id="series-names">${(this.#names ?? []).map((one) => html`<option value=${one}></option>`)}</datalist>`;
  }

  /** Those in the address are for who looks; without them, those of the series. */
  get #shown() {
    const own = param("limits");
    return own === null ? this.limits : parseLimits(own);
  }

  #limited({ target }) {
    const text = formatLimits(parseLimits(target.value));
    put({ limits: text === formatLimits(this.limits) ? null : text });
  }

  /** What only the address says can be kept with the series, for everyone. */
  #keep() {
    if (param("limits") === null) return nothing;
    const back = html`<button type="button" @click=${() => put({ limits: null })}>${t("Back to those of the series")}</button>`;
    if (!me.operator) return back;
    return html`<button type="button" class="primary" @click=${this.#save}>${t("Keep these for everyone")}</button>${back}`;
  }

  async #save() {
    const thresholds = thresholdsOf(this.#shown);
    try {
      await model.api.post("api/series/thresholds", { series: this.name, thresholds });
      this.#problem = "";
      put({ limits: null });
    } catch (error) {
      this.#problem = error.message;
    }
    this.requestUpdate();
  }

  async #offer() {
    if (this.#names) return;
    this.#names = [];
    const answer = await model.api.getSurely("api/series");
    this.#names = (answer?.series ?? []).map(({ series }) => series).slice(0, OFFERED);
    this.requestUpdate();
  }

  async #add(event) {
    event.preventDefault();
    const field = event.target.elements.with;
    const name = field.value.trim();
    if (!name) return;
    const answer = await model.api.getSurely("api/series", [["series", name]]);
    const found = answer?.series.find(({ series }) => series === name) ?? answer?.series[0];
    this.#problem = found ? "" : t("There is no series {series}.", { series: name });
    this.requestUpdate();
    if (!found) return;
    field.value = "";
    const others = paramList("with");
    if (found.series !== this.name && !others.includes(found.series)) put({ with: [...others, found.series] });
  }

  #drop(name) {
    put({ with: paramList("with").filter((one) => one !== name) });
  }
}

customElements.define("tt-choices", Choices);
