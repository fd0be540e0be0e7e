/** A link to readings as a file, made from what the form says. */
import { html } from "lit";
import { pageUrl } from "telltale/api.js";
import { exportOf, patternsOf } from "telltale/core/exchange.js";
import { fromField } from "telltale/core/moments.js";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";

const ALL = { what: "readings", patterns: [], from: null, to: null, format: "csv" };

class Export extends Element {
  #wanted = ALL;

  render() {
    const { from, to } = this.#wanted;
    const wrong = from !== null && to !== null && to <= from;
    const href = pageUrl(...exportOf(this.#wanted));
    return html`<section aria-labelledby="export-title">
      <h2 id="export-title">${t("Export")}</h2>
      <p class="quiet">
        ${t("Readings as a file, oldest first, for a spreadsheet, a script, or another server's import; or the notes on them.")}
      </p>
      <form class="fields" @input=${this.#read} @submit=${(event) => event.preventDefault()}>
        <label class="wide"
          >${t("Series, one a line; * stands for any characters, empty is all")}
          <textarea name="series" rows="2" spellcheck="false" placeholder="boiler/*"></textarea>
        </label>
        <label
          >${t("What")}
          <select name="what">
            <option value="readings">${t("Readings")}</option>
            <option value="notes">${t("Notes")}</option>
          </select></label
        >
        <label>${t("From")} <input type="datetime-local" name="from" step="1" /></label>
        <label>${t("To")} <input type="datetime-local" name="to" step="1" /></label>
        <label
          >${t("Format")}
          <select name="format">
            <option value="csv">${t("CSV, for spreadsheets")}</option>
            <option value="ndjson">${t("NDJSON, for programs")}</option>
          </select></label
        >
        ${
          wrong
            ? html`<p class="problem wide" role="alert">${t("The end must be after the beginning.")}</p>`
            : html`<a class="button primary" href=${href} download>${t("Download")}</a>`
        }
      </form>
    </section>`;
  }

  #read(event) {
    const { what, series, from, to, format } = event.currentTarget.elements;
    this.#wanted = {
      what: what.value,
      patterns: patternsOf(series.value),
      from: fromField(from.value),
      to: fromField(to.value),
      format: format.value,
    };
    this.requestUpdate();
  }
}

customElements.define("tt-export", Export);
