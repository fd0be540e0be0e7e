/** What stands at the right of the bar on every page: the theme, and the way out. */
import { html, nothing } from "lit";
import { isDark, toggleTheme } from "telltale/theme.js";
import { icons } from "telltale/ui/icons.js";

/** The button that changes the theme; draw it again when `themes` tells "change". */
export function themeTool() {
  return html`<button
    class="tool"
    title="Light or dark"
    aria-label=${isDark() ? "Use the light theme" : "Use the dark theme"}
    @click=${toggleTheme}
  >
    ${icons.theme}
  </button>`;
}

/** The button that ends the session of a user; nothing for who has none. */
export function leaveTool(user) {
  if (!user) return nothing;
  return html`<form method="post" action="/logout">
    <button class="leave" title="Logged in as ${user}">${icons.leave}<span>Log out</span></button>
  </form>`;
}
