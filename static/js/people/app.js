/** The page of people: who may log in, as what, and the links by which they set their passwords. */
import { html, nothing, repeat } from "lit";
import { Api } from "telltale/api.js";
import { copy } from "telltale/copy.js";
import { formatAge, formatMoment } from "telltale/core/format.js";
import { plural, t } from "telltale/core/words.js";
import { sure } from "telltale/data/confirm.js";
import { themes } from "telltale/theme.js";
import { bar, sessionEnd } from "telltale/ui/head.js";
import { Panel } from "telltale/ui/panel.js";
import { ROLES, roleMeans, roleName } from "telltale/ui/roles.js";
import { tabs } from "telltale/ui/tabs.js";

const { user } = document.body.querySelector("[data-user]").dataset;

class PeoplePage extends Panel {
  #ended = false;
  #api = new Api(() => {
    this.#ended = true;
    this.soon();
  });
  #people = null;
  #time = 0;
  /** The link that was made last: {name, link, until}. */
  #link = null;
  #told = "";

  connectedCallback() {
    super.connectedCallback();
    this.on(themes, "change");
    this.attempt(() => this.#load());
  }

  async #load() {
    const answer = await this.#api.get("api/people");
    this.#people = answer.people;
    this.#time = answer.time;
  }

  render() {
    return html`<a class="skip" href="#main">${t("Skip to the people")}</a>
      <div class="top">${bar(t("People"))} ${tabs("/people")} ${sessionEnd(this.#ended)}</div>
      <main id="main" tabindex="-1" class="data">
        ${this.#list()} ${this.#addForm()}
        <p class="told quiet" role="status">${this.#told}</p>
      </main>
      ${this.#linkDialog()} <tt-confirm></tt-confirm>`;
  }

  #list() {
    const list = this.#people;
    return html`<section aria-labelledby="people-title">
      <h2 id="people-title">${t("Who may log in")}</h2>
      ${
        list
          ? html`<ul class="entries">
              ${repeat(
                list,
                ({ name }) => name,
                (one) => this.#person(one),
              )}
            </ul>`
          : html`<p class="quiet waiting">${this.problem ? nothing : t("Connecting…")}</p>`
      }
      ${list && !list.length ? html`<p class="quiet">${t("No one yet: this server asks for no login, or only for tokens.")}</p>` : nothing}
      ${this.trouble()}
    </section>`;
  }

  #person(one) {
    return html`<li>
      <div class="entry-what">
        <strong>${one.name}</strong>
        ${one.oneself ? html`<span class="chip">${t("you")}</span>` : nothing}
        ${one.codes ? html`<span class="chip" data-state="online">${t("one-time codes")}</span>` : nothing}
        ${one.password ? nothing : html`<span class="chip" data-state="pending">${t("no password yet")}</span>`}
        <span class="quiet">${this.#state(one)}</span>
      </div>
      <div class="entry-acts">
        <select
          aria-label=${t("Role of {name}", { name: one.name })}
          title=${one.oneself ? t("Another admin has to change your role.") : roleMeans(one.role)}
          ?disabled=${this.busy || one.oneself}
          @change=${(event) => this.#role(one, event.target)}
        >
          ${ROLES.map((role) => html`<option value=${role} ?selected=${role === one.role}>${roleName(role)}</option>`)}
        </select>
        <button ?disabled=${this.busy} aria-label=${t("New password link for {name}", { name: one.name })} @click=${() => this.#newLink(one)}>
          ${t("Password link")}
        </button>
        ${
          one.codes
            ? html`<button
                ?disabled=${this.busy}
                aria-label=${t("Switch off the one-time codes of {name}", { name: one.name })}
                @click=${() => this.#codesOff(one)}
              >
                ${t("Codes off")}
              </button>`
            : nothing
        }
        ${
          one.oneself
            ? nothing
            : html`<button
                class="danger"
                ?disabled=${this.busy}
                aria-label=${t("Remove {name}", { name: one.name })}
                @click=${() => this.#remove(one)}
              >
                ${t("Remove")}
              </button>`
        }
      </div>
    </li>`;
  }

  #state(one) {
    const seen = one.sessions
      ? `${t("seen {age}", { age: formatAge(this.#time - one.seen) })} · ${plural(one.sessions, "{n} login", "{n} logins")}`
      : t("not logged in");
    if (!one.link) return seen;
    return `${seen} · ${t("a link is open until {moment}", { moment: formatMoment(one.link, this.#time) })}`;
  }

  #addForm() {
    return html`<section aria-labelledby="add-title">
      <h2 id="add-title">${t("Add someone")}</h2>
      <p class="quiet">${t("You get a link to pass on; by it the new user sets a password. It works once, for 24 hours.")}</p>
      <form class="fields" @submit=${this.#add}>
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
        <button class="primary" ?disabled=${this.busy}>${t("Add")}</button>
      </form>
    </section>`;
  }

  #linkDialog() {
    const link = this.#link;
    const address = link ? new URL(link.link, location.href).href : "";
    return html`<dialog class="confirm link" aria-labelledby="link-title" @close=${this.#forget}>
      <form method="dialog">
        <h2 id="link-title">${t("A link for {name}", { name: link?.name ?? "" })}</h2>
        <p>${t("Pass it on in private: whoever opens it sets the password. It works once, and is not shown again.")}</p>
        <label class="address"><span class="offstage">${t("Link")}</span><input readonly .value=${address} @focus=${(event) => event.target.select()} /></label>
        <p class="told quiet" role="status">${link?.told ?? ""}</p>
        <footer>
          <button type="button" class="primary" @click=${() => this.#copy(address)}>${t("Copy")}</button>
          <button value="done">${t("Done")}</button>
        </footer>
      </form>
    </dialog>`;
  }

  async #copy(address) {
    this.#link.told = await copy(address);
    this.requestUpdate();
  }

  #forget() {
    this.#link = null;
    this.requestUpdate();
  }

  async #show(name, answer) {
    this.#link = { name, ...answer };
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector("dialog.link").showModal();
  }

  /** Do it, read the list again, and say what was done. */
  async #done(act, told) {
    this.#told = "";
    const worked = await this.attempt(act);
    const problem = this.problem;
    await this.attempt(() => this.#load());
    this.problem = problem || this.problem;
    if (worked) this.#told = told;
    this.requestUpdate();
    return worked;
  }

  async #add(event) {
    event.preventDefault();
    const form = event.target;
    const body = { name: form.elements.name.value.trim(), role: form.elements.role.value };
    let answer = null;
    const worked = await this.#done(
      async () => {
        answer = await this.#api.post("api/people", body);
      },
      t("{name} is added.", body),
    );
    if (!worked) return;
    form.reset();
    await this.#show(body.name, answer);
  }

  async #newLink({ name }) {
    let answer = null;
    const act = async () => {
      answer = await this.#api.post("api/people/link", { name });
    };
    if (await this.#done(act, "")) await this.#show(name, answer);
  }

  async #role(one, field) {
    const { name } = one;
    const role = field.value;
    const question = {
      title: t("Change the role?"),
      text: t("{name} becomes {role}, and has to log in again.", { name, role: roleName(role) }),
      verb: t("Change"),
    };
    if (!(await sure(question))) {
      field.value = one.role;
      return;
    }
    const told = t("{name} is {role} now.", { name, role: roleName(role) });
    if (!(await this.#done(() => this.#api.post("api/people/role", { name, role }), told))) field.value = one.role;
  }

  async #codesOff({ name }) {
    const question = {
      title: t("Switch the codes off?"),
      text: t("{name} then logs in by the password alone, until new codes are set up.", { name }),
      verb: t("Switch off"),
    };
    if (!(await sure(question))) return;
    await this.#done(() => this.#api.post("api/people/codes-off", { name }), t("{name} needs no code now.", { name }));
  }

  async #remove({ name }) {
    const question = {
      title: t("Remove {name}?", { name }),
      text: t("All logins end at once. What {name} has made stays.", { name }),
      verb: t("Remove"),
    };
    if (!(await sure(question))) return;
    await this.#done(() => this.#api.post("api/people/remove", { name }), t("{name} is removed.", { name }));
  }
}

customElements.define("tt-people", PeoplePage);
