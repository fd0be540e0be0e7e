/** Another password for oneself. */
import { html, nothing } from "lit";
import { account, api, reload } from "telltale/account/context.js";
import { t } from "telltale/core/words.js";
import { Panel } from "telltale/ui/panel.js";

class OwnPassword extends Panel {
  #done = false;

  render() {
    return html`<section aria-labelledby="password-title">
      <h2 id="password-title">${t("Password")}</h2>
      ${account.now.password ? this.#form() : html`<p class="quiet">${t("You log in by the proxy in front of this server; no password is set here.")}</p>`}
    </section>`;
  }

  #form() {
    return html`<form class="fields" @submit=${this.#change}>
      <input name="username" autocomplete="username" .value=${account.now.name} hidden />
      <label>${t("Password now")} <input type="password" name="password" autocomplete="current-password" required /></label>
      <label
        >${t("New password")}
        <input type="password" name="new" autocomplete="new-password" minlength="8" maxlength="256" required
      /></label>
      <button class="primary" ?disabled=${this.busy}>${t("Change the password")}</button>
      <p class="quiet wide">${t("At least 8 characters. It ends all your other logins at once.")}</p>
      ${this.trouble()}
      <p class="wide told" role="status">
        ${this.#done ? t("The password is changed, and all other logins have ended.") : nothing}
      </p>
    </form>`;
  }

  async #change(event) {
    event.preventDefault();
    const form = event.target;
    this.#done = false;
    const body = { password: form.password.value, new: form.new.value };
    if (!(await this.attempt(() => api.post("api/account/password", body)))) return;
    this.#done = true;
    form.reset();
    await this.attempt(reload);
  }
}

customElements.define("tt-own-password", OwnPassword);
