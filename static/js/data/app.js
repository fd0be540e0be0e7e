/** The data page: a bar, and a section for each thing that this server can do with what it has stored. */
import { html, nothing } from "lit";
import { t } from "telltale/core/words.js";
import "telltale/data/brokers.js";
import "telltale/data/confirm.js";
import { addresses, page, seriesNames } from "telltale/data/context.js";
import "telltale/data/corrections.js";
import "telltale/data/export.js";
import "telltale/data/import.js";
import "telltale/data/series.js";
import "telltale/data/storage.js";
import { themes } from "telltale/theme.js";
import { Element } from "telltale/ui/element.js";
import { bar, sessionEnd } from "telltale/ui/head.js";
import { tabs } from "telltale/ui/tabs.js";

/** Names that a field offers; a browser does not search more of them well. */
const OFFERED = 2_000;

class DataPage extends Element {
  #has = null;
  #names = [];
  #ended = false;

  connectedCallback() {
    super.connectedCallback();
    this.on(themes, "change");
    this.on(page, "changed", () => this.#offer());
    this.on(page, "ended", () => {
      this.#ended = true;
      this.soon();
    });
    addresses().then((has) => {
      this.#has = has;
      this.soon();
    });
    this.#offer();
  }

  async #offer() {
    this.#names = (await seriesNames()).slice(0, OFFERED);
    this.soon();
  }

  render() {
    return html`<a class="skip" href="#main">${t("Skip to the data")}</a>
      <div class="top">${bar(t("Data"))} ${tabs("/data")} ${sessionEnd(this.#ended)}</div>
      <main id="main" tabindex="-1" class="data">${this.#sections()}</main>
      <datalist id="series-names">${this.#names.map((name) => html`<option value=${name}></option>`)}</datalist>
      <tt-confirm></tt-confirm>`;
  }

  #sections() {
    const has = this.#has;
    if (!has) return html`<p class="quiet waiting">${t("Connecting…")}</p>`;
    const edit = has.has("/api/series/edit");
    const rename = has.has("/api/series/rename");
    const merge = has.has("/api/series/merge");
    return html`${has.has("/api/storage") ? html`<tt-storage></tt-storage>` : nothing}
    ${has.has("/api/bridges") ? html`<tt-brokers id="brokers"></tt-brokers>` : nothing}
    ${has.has("/api/export.csv") ? html`<tt-export></tt-export>` : nothing}
    ${has.has("/api/import") ? html`<tt-import></tt-import>` : nothing}
    ${has.has("/api/corrections") ? html`<tt-corrections></tt-corrections>` : nothing}
    ${edit || rename || merge ? html`<tt-series .edit=${edit} .rename=${rename} .merge=${merge}></tt-series>` : nothing}`;
  }
}

customElements.define("tt-data", DataPage);
