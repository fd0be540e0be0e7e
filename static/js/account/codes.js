/** One-time codes: set up with a QR code, recovery codes shown once, switched off with the password. */
import { html, nothing } from "lit";
import { account, api, page, reload } from "telltale/account/context.js";
import { plural, t } from "telltale/core/words.js";
import { copy } from "telltale/copy.js";
import { Panel } from "telltale/ui/panel.js";
import { qr } from "telltale/ui/qr.js";

const spaced = (secret) => secret.replace(/(.{4})(?=.)/g, "$1 ");

class OwnCodes extends Panel {
  /** What the form for the password is for: "begin", "renew", "off", or nothing. */
  #asked = "";
  #offer = null;
  #picture = null;
  #recovery = null;
  #told = "";

  connectedCallback() {
    super.connectedCallback();
    this.on(page, "change");
  }

  render() {
    const { codes, recovery, password } = account.now;
    return html`<section aria-labelledby="codes-title">
      <h2 id="codes-title">${t("One-time codes")}</h2>
      <p class="quiet">
        ${
          codes
            ? html`${t("On: a login needs a code from an app on your phone.")}
              ${plural(recovery, "{n} recovery code is left.", "{n} recovery codes are left.")}`
            : t("Off. With them, a login needs the password and a code from an app on your phone.")
        }
      </p>
      ${password ? this.#stage(codes) : nothing} ${this.trouble()}
      <p class="told" role="status">${this.#told}</p>
    </section>`;
  }

  #stage(codes) {
    if (this.#recovery) return this.#saved();
    if (this.#offer) return this.#confirm();
    if (this.#asked) return this.#ask();
    const button = (what, text, primary = "") =>
      html`<button class=${primary} @click=${() => this.#want(what)}>${text}</button>`;
    return html`<div class="entry-acts">
      ${
        codes
          ? html`${button("renew", t("New recovery codes"))} ${button("off", t("Switch off"))}`
          : button("begin", t("Set up"), "primary")
      }
    </div>`;
  }

  #want(what) {
    this.#asked = what;
    this.#told = this.problem = "";
    this.requestUpdate();
    this.updateComplete.then(() => this.querySelector("input[type=password]")?.focus());
  }

  #ask() {
    const verbs = { begin: t("Go on"), renew: t("Make new recovery codes"), off: t("Switch off") };
    return html`<form class="fields" @submit=${this.#password}>
      <input name="username" autocomplete="username" .value=${account.now.name} hidden />
      <label>${t("Your password")} <input type="password" name="password" autocomplete="current-password" required /></label>
      <button class="primary" ?disabled=${this.busy}>${verbs[this.#asked]}</button>
      <button type="button" @click=${() => this.#want("")}>${t("Cancel")}</button>
    </form>`;
  }

  #confirm() {
    return html`<div class="codes-offer">
      <div class="qr">${this.#picture}</div>
      <form class="fields" @submit=${this.#code}>
        <p class="wide">${t("Take a picture of this with an authenticator app, or type the secret into it:")}</p>
        <p class="wide"><code class="codes-secret">${spaced(this.#offer.secret)}</code></p>
        <label
          >${t("The code that it shows")}
          <input name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="9" required
        /></label>
        <button class="primary" ?disabled=${this.busy}>${t("Switch on")}</button>
        <button type="button" @click=${this.#cancel}>${t("Cancel")}</button>
      </form>
    </div>`;
  }

  #saved() {
    return html`<div class="codes-kept">
      <p>
        <strong>${t("Keep these recovery codes where you find them without your phone.")}</strong>
        ${t("Each stands in for one code, once. They are not shown again.")}
      </p>
      <ul class="recovery-codes">
        ${this.#recovery.map((code) => html`<li><code>${code}</code></li>`)}
      </ul>
      <div class="entry-acts">
        <button @click=${this.#copy}>${t("Copy")}</button>
        <button class="primary" @click=${this.#kept}>${t("I have kept them")}</button>
      </div>
    </div>`;
  }

  #cancel() {
    this.#offer = null;
    this.#want("");
  }

  async #password(event) {
    event.preventDefault();
    const what = this.#asked;
    const body = { password: event.target.password.value };
    let answer = null;
    const worked = await this.attempt(async () => {
      answer = await api.post(`api/account/codes/${what}`, body);
      if (what === "begin") this.#picture = await qr(answer.uri, t("QR code with the secret, for an authenticator app"));
    });
    if (!worked) return;
    this.#asked = "";
    if (what === "begin") this.#offer = answer;
    if (what === "renew") this.#recovery = answer.recovery;
    if (what === "off") this.#told = t("One-time codes are off.");
    await this.attempt(reload);
    this.querySelector("input[name=code]")?.focus();
  }

  async #code(event) {
    event.preventDefault();
    const body = { code: event.target.code.value };
    let answer = null;
    const worked = await this.attempt(async () => {
      answer = await api.post("api/account/codes/confirm", body);
    });
    if (!worked) return;
    this.#offer = null;
    this.#recovery = answer.recovery;
    await this.attempt(reload);
  }

  async #copy() {
    this.#told = await copy(this.#recovery.join("\n"));
    this.requestUpdate();
  }

  #kept() {
    this.#recovery = null;
    this.#told = "";
    this.requestUpdate();
  }
}

customElements.define("tt-own-codes", OwnCodes);
