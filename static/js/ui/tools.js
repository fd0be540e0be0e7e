/** What stands at the right of the bar on every page: the theme and other preferences, and the way out. */
import { html, nothing } from "lit";
import { t } from "telltale/core/words.js";
import { isDark, toggleTheme } from "telltale/theme.js";
import { icons } from "telltale/ui/icons.js";
import "telltale/ui/preferences.js";
import "telltale/ui/print.js";

/** The buttons that change the theme and the preferences; draw them again when `themes` tells "change". */
export function themeTool() {
  return html`<button
      class="tool"
      title=${t("Light or dark")}
      aria-label=${isDark() ? t("Use the light theme") : t("Use the dark theme")}
      @click=${toggleTheme}
    >
      ${icons.theme}
    </button>
    <tt-preferences></tt-preferences>`;
}

/** The way to one's own account, and the button that ends the session; nothing for who has none. */
export function leaveTool(user) {
  if (!user || document.body.dataset.kind !== "user") return nothing; // a token has no account and no session
  return html`<a class="tool" href="/account" title=${t("My account: {user}", { user })} aria-label=${t("My account")}>${icons.person}</a>
    <form method="post" action="/logout">
    <button class="leave" title=${t("Logged in as {user}", { user })}>${icons.leave}<span>${t("Log out")}</span></button>
  </form>`;
}
