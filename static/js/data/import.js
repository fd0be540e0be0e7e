/** Reads a file of readings in, with its progress, and reports every line that was refused. */
import { html, nothing } from "lit";
import { upload } from "telltale/api.js";
import { reportOf } from "telltale/core/exchange.js";
import { formatBytes } from "telltale/core/storage.js";
import { plural, t } from "telltale/core/words.js";
import { changed } from "telltale/data/context.js";
import { Element } from "telltale/ui/element.js";

class Import extends Element {
  #file = null;
  #sent = null;
  #running = null;
  #report = null;

  render() {
    return html`<section aria-labelledby="import-title">
      <h2 id="import-title">${t("Import")}</h2>
      <p class="quiet">
        ${t("CSV or NDJSON as the export writes it, also gzipped. Devices and series that are new are made. The same file again changes nothing, so an import that broke off is simply begun again.")}
      </p>
      <form class="fields" @submit=${this.#start}>
        <label class="wide"
          >${t("File")}
          <input type="file" name="file" required accept=".csv,.ndjson,.jsonl,.json,.gz" ?disabled=${this.#running}
        /></label>
        ${
          this.#running
            ? html`<button type="button" @click=${() => this.#running.abort()}>${t("Stop")}</button>`
            : html`<button class="primary">${t("Import")}</button>`
        }
      </form>
      ${this.#progress()}
      <div role="status">${this.#told()}</div>
    </section>`;
  }

  #progress() {
    if (!this.#running) return nothing;
    const { size, name } = this.#file;
    const sending = this.#sent < size;
    const text = sending
      ? t("{sent} of {size} sent", { sent: formatBytes(this.#sent), size: formatBytes(size) })
      : t("sent; being stored");
    const bar = sending ? html`<progress max=${size} value=${this.#sent}></progress>` : html`<progress></progress>`;
    return html`<p>
      <label class="room"><span>${name}: ${text}</span>${bar}</label>
    </p>`;
  }

  #told() {
    const report = this.#report;
    if (!report) return nothing;
    return html`<p class=${report.ok ? "" : "problem"}>${report.text}</p>
      ${
        report.refused.length
          ? html`<div class="scroll refused" tabindex="0" role="region" aria-label=${t("Refused lines")}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">${t("Line")}</th>
                    <th scope="col">${t("Why it was refused")}</th>
                  </tr>
                </thead>
                <tbody>
                  ${report.refused.map(
                    ([line, why]) =>
                      html`<tr>
                        <td>${line}</td>
                        <td>${why}</td>
                      </tr>`,
                  )}
                </tbody>
              </table>
            </div>`
          : nothing
      }
      ${report.more ? html`<p class="quiet">${plural(report.more, "and {n} more", "and {n} more")}</p>` : nothing}`;
  }

  async #start(event) {
    event.preventDefault();
    const [file] = event.target.elements.file.files;
    this.#file = file;
    this.#sent = 0;
    this.#report = null;
    this.#running = new AbortController();
    this.requestUpdate();
    const told = (sent) => {
      this.#sent = sent;
      this.soon();
    };
    const { status, text } = await upload("api/import", file, told, this.#running.signal);
    this.#report = this.#running.signal.aborted
      ? { ok: false, text: t("Stopped. What was stored until then stays; the file can be imported again."), refused: [] }
      : reportOf(status, text);
    this.#running = null;
    this.requestUpdate();
    changed();
  }
}

customElements.define("tt-import", Import);
