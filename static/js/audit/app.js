/** The page of the audit log: who changed what, from where, before and after; filtered and page by page. */
import { html, nothing, repeat } from "lit";
import { Api, pageUrl } from "telltale/api.js";
import { actionOf, actorOf, addressOf, changesOf, formOf, queryOf, subjectOf } from "telltale/core/audit.js";
import { formatMoment } from "telltale/core/format.js";
import { fromField } from "telltale/core/moments.js";
import { t } from "telltale/core/words.js";
import { themes } from "telltale/theme.js";
import { bar, sessionEnd } from "telltale/ui/head.js";
import { Panel } from "telltale/ui/panel.js";
import { tabs } from "telltale/ui/tabs.js";

class AuditPage extends Panel {
  #api = new Api(() => {
    this.#ended = true;
    this.soon();
  });
  #form = formOf(location.search);
  #entries = null;
  #actions = [];
  #next = null;
  #ended = false;
  #asked = 0;

  connectedCallback() {
    super.connectedCallback();
    this.on(themes, "change");
    this.#load();
  }

  willUpdate() {
    if (this.#entries) document.documentElement.dataset.connection = this.#ended || this.problem ? "down" : "live";
  }

  get #query() {
    const [from, to] = [this.#form.from, this.#form.to].map((text) => (text ? fromField(text) : null));
    return queryOf({ ...this.#form, from, to });
  }

  /** Ask for the newest entries, or for those after the last one; only the last question's answer counts. */
  async #load(more = false) {
    const asked = ++this.#asked;
    const page = more ? [["page", this.#next]] : [];
    await this.attempt(async () => {
      const answer = await this.#api.get("api/audit", [...this.#query, ...page]);
      if (asked !== this.#asked) return;
      this.#entries = more ? [...this.#entries, ...answer.entries] : answer.entries;
      this.#actions = answer.actions ?? this.#actions;
      this.#next = answer.next;
    });
  }

  #filter = (event) => {
    event.preventDefault();
    this.#form = Object.fromEntries(new FormData(event.currentTarget));
    history.replaceState(null, "", pageUrl("/audit", addressOf(this.#form)));
    this.#load();
  };

  #clear = () => {
    this.#form = formOf("");
    history.replaceState(null, "", pageUrl("/audit"));
    this.#load();
  };

  render() {
    return html`<a class="skip" href="#main">${t("Skip to the entries")}</a>
      <div class="top">${bar(t("Audit log"))} ${tabs("/audit")} ${sessionEnd(this.#ended)}</div>
      <main id="main" tabindex="-1" class="data audit">
        <section aria-label=${t("Audit log")}>
          <p class="quiet">${t("Who changed what, the newest first. Nobody can change or delete an entry.")}</p>
          ${this.#fields()} ${this.trouble()} ${this.#listed()}
        </section>
      </main>`;
  }

  #fields() {
    const form = this.#form;
    const known = this.#actions.includes(form.action) || !form.action ? this.#actions : [form.action, ...this.#actions];
    return html`<form class="fields" role="search" @submit=${this.#filter} @change=${this.#filter}>
      <label>${t("Who")} <input name="who" .value=${form.who} autocomplete="off" spellcheck="false" placeholder=${t("anyone")} /></label>
      <label
        >${t("What")}
        <select name="action" .value=${form.action}>
          <option value="">${t("everything")}</option>
          ${known.map((action) => html`<option value=${action} ?selected=${action === form.action}>${actionOf(action)}</option>`)}
        </select></label
      >
      <label
        >${t("Of what")}
        <input name="subject" .value=${form.subject} autocomplete="off" spellcheck="false" placeholder=${t("a device, a series, a user …")}
      /></label>
      <label>${t("From")} <input type="datetime-local" name="from" step="1" .value=${form.from} /></label>
      <label>${t("To")} <input type="datetime-local" name="to" step="1" .value=${form.to} /></label>
      <div class="acts">
        <button>${t("Search")}</button>
        <button type="button" class="plain" ?disabled=${!addressOf(form).length} @click=${this.#clear}>${t("Show everything")}</button>
        <a class="button" href=${pageUrl("/api/audit.csv", this.#query)} download>${t("Download as CSV")}</a>
      </div>
    </form>`;
  }

  #listed() {
    if (!this.#entries) return this.problem ? nothing : html`<p class="quiet waiting">${t("Connecting…")}</p>`;
    if (!this.#entries.length) return html`<p class="quiet" role="status">${t("There is no such entry.")}</p>`;
    const columns = [t("When"), t("Who"), t("What"), t("Of what"), t("Before and after")];
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("Entries")}>
        <table>
          <thead>
            <tr>
              ${columns.map((name) => html`<th scope="col">${name}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${repeat(
              this.#entries,
              (one) => one.id,
              (one) => this.#row(one),
            )}
          </tbody>
        </table>
      </div>
      ${
        this.#next === null
          ? nothing
          : html`<button class="more" ?disabled=${this.busy} @click=${() => this.#load(true)}>${t("Show older entries")}</button>`
      }`;
  }

  #row(one) {
    const iso = new Date(one.at).toISOString();
    const { name, kind } = actorOf(one);
    return html`<tr>
      <td><time datetime=${iso} title=${iso}>${formatMoment(one.at, Date.now())}</time></td>
      <td>
        <bdi>${name}</bdi>
        <span class="quiet">${kind} ${one.address}</span>
      </td>
      <td title=${one.action}>${actionOf(one.action)}</td>
      <td><bdi>${subjectOf(one.subject)}</bdi></td>
      <td>${this.#changes(one)}</td>
    </tr>`;
  }

  #changes(one) {
    const changes = changesOf(one, (time) => formatMoment(time, Date.now()));
    if (!changes.length) return nothing;
    return html`<dl class="changes">
      ${changes.map(
        ({ name, before, after }) => html`<div>
          <dt>${name}</dt>
          <dd>
            ${before === null ? nothing : html`<del><span class="offstage">${t("before:")}</span> ${before}</del>`}
            ${after === null ? nothing : html`<ins><span class="offstage">${t("after:")}</span> ${after}</ins>`}
          </dd>
        </div>`,
      )}
    </dl>`;
  }
}

customElements.define("tt-audit", AuditPage);
