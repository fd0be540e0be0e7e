/** The page of tokens and screens: what programs and walls may reach, until when, and the way to end that. */
import { html, nothing, repeat } from "lit";
import { Api, pageUrl } from "telltale/api.js";
import { grouped, LIVES, wanted } from "telltale/core/credentials.js";
import { t } from "telltale/core/words.js";
import { sure } from "telltale/data/confirm.js";
import { themes } from "telltale/theme.js";
import { bar, sessionEnd } from "telltale/ui/head.js";
import { Panel } from "telltale/ui/panel.js";
import { ROLES, roleMeans, roleName } from "telltale/ui/roles.js";
import "telltale/ui/secret.js";
import { tabs } from "telltale/ui/tabs.js";
import { lifeName, stateChip, stateText } from "telltale/ui/credential.js";

/** Seconds between two looks at what is in use, while the page is seen. */
const EVERY = 10;

class TokensPage extends Panel {
  #ended = false;
  #api = new Api(() => {
    this.#ended = true;
    this.soon();
  });
  #tokens = null;
  #boards = [];
  #time = 0;
  #some = false;
  #told = "";

  connectedCallback() {
    super.connectedCallback();
    this.on(themes, "change");
    this.attempt(() => this.#load());
    const timer = setInterval(() => document.hidden || this.busy || this.#load().catch(() => {}), 1000 * EVERY);
    this.until(() => clearInterval(timer));
  }

  async #load() {
    const [tokens, boards] = await Promise.all([this.#api.get("api/tokens"), this.#api.get("api/boards")]);
    this.#tokens = grouped(tokens.tokens);
    this.#time = tokens.time;
    this.#boards = boards.boards;
    this.soon();
  }

  render() {
    return html`<a class="skip" href="#main">${t("Skip to the tokens")}</a>
      <div class="top">${bar(t("Tokens and screens"))} ${tabs("/tokens")} ${sessionEnd(this.#ended)}</div>
      <main id="main" tabindex="-1" class="data">
        ${this.#programs()} ${this.#screens()}
        <p class="told quiet" role="status">${this.#told}</p>
        ${this.trouble()}
      </main>
      <tt-secret></tt-secret> <tt-confirm></tt-confirm>`;
  }

  #rows(list, row, none) {
    if (!list) return html`<p class="quiet waiting">${this.problem ? nothing : t("Connecting…")}</p>`;
    if (!list.length) return html`<p class="quiet">${none}</p>`;
    return html`<ul class="entries">
      ${repeat(list, ({ name }) => name, row)}
    </ul>`;
  }

  #programs() {
    return html`<section aria-labelledby="programs-title">
      <h2 id="programs-title">${t("Tokens of programs")}</h2>
      <p class="quiet">${t("A program sends its token with each request, as a bearer token. It never logs in.")}</p>
      ${this.#rows(this.#tokens?.programs, (one) => this.#program(one), t("No program has a token yet."))}
      <h3>${t("New token")}</h3>
      ${this.#programForm()}
    </section>`;
  }

  #program(one) {
    return html`<li>
      <div class="entry-what">
        <strong>${one.name}</strong> <span class="chip">${roleName(one.role)}</span> ${stateChip(one)}
        <span class="quiet reach">${this.#reach(one)} · ${stateText(one, this.#time)}</span>
      </div>
      <div class="entry-acts">${this.#revokeButton(one)}</div>
    </li>`;
  }

  #reach({ series, write, role }) {
    if (series === null) return t("all series");
    const names = html`${series.map((pattern) => html`<code>${pattern}</code> `)}`;
    return write && role !== "viewer" ? html`${t("reads and writes")} ${names}` : html`${t("reads")} ${names}`;
  }

  #revokeButton(one) {
    return html`<button
      class="danger"
      ?disabled=${this.busy}
      aria-label=${t("Revoke {name}", { name: one.name })}
      @click=${() => this.#revoke(one)}
    >
      ${one.expired ? t("Remove") : t("Revoke")}
    </button>`;
  }

  #programForm() {
    const some = this.#some;
    return html`<form class="fields token-form" @submit=${this.#addProgram}>
      <label
        >${t("Name")}
        <input name="name" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="128" required
      /></label>
      <label
        >${t("Role")}
        <select name="role">
          ${ROLES.map((role) => html`<option value=${role}>${roleName(role)}: ${roleMeans(role)}</option>`)}
        </select></label
      >
      <label
        >${t("Reaches")}
        <select
          name="reach"
          @change=${(event) => {
            this.#some = event.target.value === "some";
            this.requestUpdate();
          }}
        >
          <option value="all">${t("all series")}</option>
          <option value="some">${t("only these series")}</option>
        </select></label
      >
      ${this.#life()}
      ${
        some
          ? html`<label class="wide"
                >${t("Series, one a line: a name, or DEVICE/METRIC with * for any")}
                <textarea name="patterns" rows="3" spellcheck="false" required placeholder="boiler/*"></textarea>
              </label>
              <label class="wide check"
                ><input type="checkbox" name="write" /><span
                  >${t("may also write to them, as far as its role allows: notes, imports, commands")}</span
                ></label
              >`
          : nothing
      }
      <button class="primary" ?disabled=${this.busy}>${t("Make the token")}</button>
    </form>`;
  }

  #life() {
    return html`<label
      >${t("Works")}
      <select name="expires">
        ${LIVES.map((life) => html`<option value=${life}>${lifeName(life)}</option>`)}
      </select></label
    >`;
  }

  #screens() {
    const boards = this.#boards.filter((one) => one.deleted === null);
    return html`<section aria-labelledby="screens-title">
      <h2 id="screens-title">${t("Links of screens")}</h2>
      <p class="quiet">
        ${t("A link shows one board on a screen that no one logs in to. It only shows, and only the series of that board.")}
      </p>
      ${this.#rows(this.#tokens?.screens, (one) => this.#screen(one), t("No screen has a link yet."))}
      <h3>${t("New link")}</h3>
      ${
        boards.length
          ? html`<form class="fields token-form" @submit=${this.#addScreen}>
              <label
                >${t("Name of the screen")}
                <input name="name" autocomplete="off" spellcheck="false" maxlength="128" required
              /></label>
              <label
                >${t("Board")}
                <select name="board">
                  ${boards.map(({ id, name }) => html`<option value=${id}>${name}</option>`)}
                </select></label
              >
              ${this.#life()}
              <button class="primary" ?disabled=${this.busy}>${t("Make the link")}</button>
            </form>`
          : html`<p class="quiet">${t("There is no board to show yet.")} <a href=${pageUrl("/boards")}>${t("All boards")}</a></p>`
      }
    </section>`;
  }

  #screen(one) {
    const board = this.#boards.find(({ id }) => id === one.board);
    return html`<li>
      <div class="entry-what">
        <strong>${one.name}</strong> ${stateChip(one)}
        ${!board || board.deleted !== null ? html`<span class="chip" data-state="pending">${t("its board was deleted")}</span>` : nothing}
        <span class="quiet reach"
          >${board ? html`${t("shows")} <a href=${pageUrl(`/boards/${board.id}`)}>${board.name}</a> · ` : nothing}${stateText(one, this.#time)}</span
        >
      </div>
      <div class="entry-acts">${this.#revokeButton(one)}</div>
    </li>`;
  }

  async #make(form, body) {
    let made = null;
    this.#told = "";
    const act = async () => {
      made = await this.#api.post("api/tokens", body);
      await this.#load();
    };
    if (!(await this.attempt(act))) return null;
    form.reset();
    this.#some = false;
    this.requestUpdate();
    return made;
  }

  async #addProgram(event) {
    event.preventDefault();
    const form = event.target;
    const made = await this.#make(form, wanted(Object.fromEntries(new FormData(form))));
    if (!made) return;
    this.querySelector("tt-secret").open({
      title: t("The token of {name}", { name: made.name }),
      text: t("Put it where the program keeps its secrets. It is not shown again."),
      label: t("Token"),
      value: made.token,
    });
  }

  async #addScreen(event) {
    event.preventDefault();
    const form = event.target;
    const { name, board, expires } = Object.fromEntries(new FormData(form));
    const body = { name: name.trim(), board: Number(board), ...(expires ? { expires } : {}) };
    const made = await this.#make(form, body);
    if (!made) return;
    this.querySelector("tt-secret").open({
      title: t("A link for {name}", { name: made.name }),
      text: t("Open it once on the screen: it stays logged in by itself. The link is not shown again."),
      label: t("Link"),
      value: new URL(made.link, location.href).href,
      address: true,
    });
  }

  async #revoke(one) {
    const { name } = one;
    const question = {
      title: t("Revoke it?"),
      text: t("{name} stops working at once, and what is connected with it is cut off.", { name }),
      verb: t("Revoke"),
    };
    if (!one.expired && !(await sure(question))) return;
    const act = async () => {
      await this.#api.delete(`api/tokens/${encodeURIComponent(name)}`);
      await this.#load();
    };
    this.#told = (await this.attempt(act)) ? t("{name} is revoked.", { name }) : "";
    this.requestUpdate();
  }
}

customElements.define("tt-tokens", TokensPage);
