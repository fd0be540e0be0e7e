/** Where one is logged in: each login with its browser and address, and a button that ends it. */
import { html, nothing, repeat } from "lit";
import { account, api, page, reload } from "telltale/account/context.js";
import { agentOf } from "telltale/core/agents.js";
import { formatAge, formatMoment } from "telltale/core/format.js";
import { t } from "telltale/core/words.js";
import { sure } from "telltale/data/confirm.js";
import { Panel } from "telltale/ui/panel.js";

function browser(agent) {
  const { browser: name, system } = agentOf(agent);
  if (name && system) return t("{browser} on {system}", { browser: name, system });
  return name || system || t("unknown browser");
}

class OwnLogins extends Panel {
  connectedCallback() {
    super.connectedCallback();
    this.on(page, "change");
  }

  render() {
    const { sessions, time } = account.now;
    return html`<section aria-labelledby="logins-title">
      <h2 id="logins-title">${t("Logins")}</h2>
      ${
        sessions.length
          ? html`<ul class="entries">
              ${repeat(
                sessions,
                ({ id }) => id,
                (one) => this.#login(one, time),
              )}
            </ul>`
          : html`<p class="quiet">${t("You log in by the proxy in front of this server; there is no login to end here.")}</p>`
      }
      ${this.trouble()}
      ${
        sessions.some(({ current }) => !current)
          ? html`<div><button ?disabled=${this.busy} @click=${this.#others}>${t("End all other logins")}</button></div>`
          : nothing
      }
    </section>`;
  }

  #login(one, now) {
    return html`<li>
      <div class="entry-what">
        <strong title=${one.agent}>${browser(one.agent)}</strong>
        ${one.current ? html`<span class="chip" data-state="online">${t("this browser")}</span>` : nothing}
        <span class="quiet"
          >${one.address ? html`${one.address} · ` : nothing}${t("used {age}", { age: formatAge(now - one.seen) })} ·
          ${t("since {moment}", { moment: formatMoment(one.created, now) })}</span
        >
      </div>
      ${
        one.current
          ? nothing
          : html`<button
              ?disabled=${this.busy}
              aria-label=${t("End the login of {browser}, {address}", { browser: browser(one.agent), address: one.address })}
              @click=${() => this.#end(one)}
            >
              ${t("End")}
            </button>`
      }
    </li>`;
  }

  async #end({ id }) {
    if (await this.attempt(() => api.delete(`api/account/sessions/${id}`))) await this.attempt(reload);
  }

  async #others() {
    const question = {
      title: t("End all other logins?"),
      text: t("Every other browser of yours has to log in again, and shows nothing until then."),
      verb: t("End them"),
    };
    if (!(await sure(question))) return;
    if (await this.attempt(() => api.delete("api/account/sessions"))) await this.attempt(reload);
  }
}

customElements.define("tt-own-logins", OwnLogins);
