/** What is stored: how full it is and when it will be, figures, backups, retention, and damage that was found. */
import { html, nothing } from "lit";
import { damageText } from "telltale/core/damage.js";
import { formatCount, formatMoment } from "telltale/core/format.js";
import { backups, figures, findings, forecast, rules, usage } from "telltale/core/storage.js";
import { t } from "telltale/core/words.js";
import { api, page } from "telltale/data/context.js";
import { icons } from "telltale/ui/icons.js";
import { Panel } from "telltale/ui/panel.js";

/** ms between two looks. */
const EVERY = 5_000;
/** The columns of retention. */
const LEVELS = [t("Series"), t("Readings"), "1 min", "15 min", "1 h", "1 d"];

class Storage extends Panel {
  #storage = null;
  #lost = "";

  connectedCallback() {
    super.connectedCallback();
    const look = () => document.hidden || this.#load();
    const timer = setInterval(look, EVERY);
    this.until(() => clearInterval(timer));
    this.on(page, "changed", look);
    this.on(document, "visibilitychange", look);
    look();
  }

  async #load() {
    try {
      this.#storage = await api.get("api/storage");
      this.#lost = "";
    } catch (error) {
      this.#lost = t("What is stored cannot be read now: {reason}", { reason: error.message });
    }
    this.requestUpdate();
  }

  render() {
    return html`<section aria-labelledby="storage-title">
      <h2 id="storage-title">${t("Storage")}</h2>
      ${this.#lost ? html`<p class="problem" role="alert">${this.#lost}</p>` : nothing} ${this.trouble()}
      ${this.#storage ? this.#body(this.#storage) : nothing}
    </section>`;
  }

  #body(storage) {
    const now = Date.now();
    const room = usage(storage);
    const state = backups(storage.backup, now);
    return html`${this.#damage(storage.damage, now)}
      <p>
        <label class="room"
          ><span>${room.text}</span><meter min="0" max="1" high="0.9" value=${room.share}>${room.text}</meter></label
        >
      </p>
      <p class=${room.tight ? "warn" : ""}>${forecast(storage, now)}</p>
      ${this.#busy(storage.busy)}
      <dl class="figures">
        ${figures(storage, now).map(
          ([name, text, about]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${text}</dd>
              <dd class="quiet">${about}</dd>
            </div>`,
        )}
      </dl>
      <h3>${t("Backups")}</h3>
      <p class=${state.state === "bad" ? "problem" : ""}>${state.text}</p>
      ${this.#retention(storage.retention)}`;
  }

  #busy(busy) {
    if (!busy) return nothing;
    const bar = busy.done === null ? html`<progress></progress>` : html`<progress value=${busy.done}></progress>`;
    return html`<p>
      <label class="room"><span>${busy.job}</span>${bar}</label>
    </p>`;
  }

  #damage(damage, now) {
    if (!damage) return nothing;
    const text = damageText(damage);
    return html`<div class="damage" data-new=${text ? "" : nothing}>
      <p>${icons.warning}<strong>${t("Damage was found")}</strong> (${formatCount(damage.count)}). ${text ?? ""}</p>
      <ol>
        ${findings(damage).map(
          ([time, what, seen]) => html`<li>${formatMoment(time, now)}: ${what}${seen ? `, ${t("seen")}` : ""}</li>`,
        )}
      </ol>
      ${
        text && !damage.salvage
          ? html`<button ?disabled=${this.busy} @click=${() => this.#acknowledge()}>${t("I have seen it")}</button>`
          : nothing
      }
    </div>`;
  }

  async #acknowledge() {
    await this.attempt(() => api.post("api/storage/damage/acknowledge", {}));
    if (!this.problem) await this.#load();
  }

  #retention(retention) {
    if (!retention.length)
      return html`<h3>${t("Retention")}</h3>
        <p class="quiet">${t("Everything is kept for ever. Rules by series go into [retention] in config.ini.")}</p>`;
    return html`<h3>${t("Retention")}</h3>
      <div class="scroll" tabindex="0" role="region" aria-label=${t("Rules of retention")}>
        <table>
          <caption class="offstage">
            ${t("How long readings and roll-ups are kept, by series")}
          </caption>
          <thead>
            <tr>
              ${LEVELS.map((name) => html`<th scope="col">${name}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${rules(retention).map(
              ([pattern, ...ages]) =>
                html`<tr>
                  <th scope="row"><code>${pattern}</code></th>
                  ${ages.map((age) => html`<td>${age}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
  }
}

customElements.define("tt-storage", Storage);
