/** The page of one's own account: password, one-time codes, logins. */
import { html } from "lit";
import "telltale/account/codes.js";
import { account, page, reload } from "telltale/account/context.js";
import "telltale/account/logins.js";
import "telltale/account/password.js";
import { formatDay } from "telltale/core/format.js";
import { t } from "telltale/core/words.js";
import { themes } from "telltale/theme.js";
import { bar, sessionEnd } from "telltale/ui/head.js";
import { Panel } from "telltale/ui/panel.js";
import { roleName } from "telltale/ui/roles.js";
import { tabs } from "telltale/ui/tabs.js";
import "telltale/data/confirm.js";

class AccountPage extends Panel {
  #ended = false;

  connectedCallback() {
    super.connectedCallback();
    this.on(themes, "change");
    this.on(page, "change");
    this.on(page, "ended", () => {
      this.#ended = true;
      this.soon();
    });
    this.attempt(reload);
  }

  render() {
    return html`<a class="skip" href="#main">${t("Skip to the account")}</a>
      <div class="top">${bar(t("My account"))} ${tabs("/account")} ${sessionEnd(this.#ended)}</div>
      <main id="main" tabindex="-1" class="data">${this.#parts()}</main>
      <tt-confirm></tt-confirm>`;
  }

  #parts() {
    const now = account.now;
    if (!now) return this.problem ? this.trouble() : html`<p class="quiet waiting">${t("Connecting…")}</p>`;
    return html`<section class="whoami">
        <h2>${now.name}</h2>
        <p class="quiet">${roleName(now.role)} · ${t("since {day}", { day: formatDay(now.created) })}</p>
      </section>
      <tt-own-password></tt-own-password>
      <tt-own-codes></tt-own-codes>
      <tt-own-logins></tt-own-logins>`;
  }
}

customElements.define("tt-account", AccountPage);
