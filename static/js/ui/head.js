/** The top of the pages beside the overview: the way back, the name, the tools, and whether the session has ended. */
import { html, nothing } from "lit";
import { loginUrl, pageUrl } from "telltale/api.js";
import { t } from "telltale/core/words.js";
import { icons } from "telltale/ui/icons.js";
import { leaveTool, themeTool } from "telltale/ui/tools.js";

const { user } = document.body.querySelector("[data-user]").dataset;

/** The <header> of a page called `name`; `beside` its name, and `tools` before those of every page. */
export function bar(name, { beside = nothing, tools = nothing } = {}) {
  return html`<header class="bar">
    <div class="brand">
      <a class="tool" href=${pageUrl("/")} title=${t("Overview")} aria-label=${t("Back to the overview")}>${icons.back}</a>
      <h1>${name}</h1>
      ${beside}
    </div>
    <div class="tools">${tools} ${themeTool()} ${leaveTool(user)}</div>
  </header>`;
}

/** Says that the session has `ended`, and the way to log in and back to this page. */
export function sessionEnd(ended) {
  return html`<div role="status" class="ended">
    ${
      ended
        ? html`<p>
            ${icons.warning}<strong>${t("Your session has ended.")}</strong> <a href=${loginUrl()}>${t("Log in again")}</a>
          </p>`
        : nothing
    }
  </div>`;
}
