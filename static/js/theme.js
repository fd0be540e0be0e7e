/** Light or dark: the system's choice until someone makes another, which is kept. Canvas colours come from here too. */

const KEY = "telltale-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const probe = document.createElement("i");
const colours = new Map();

export const themes = new EventTarget();

function apply(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  changed();
}

function changed() {
  colours.clear();
  themes.dispatchEvent(new Event("change"));
}

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";

export function toggleTheme() {
  const theme = isDark() ? "light" : "dark";
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // private windows may not store; the choice then lasts as long as the page
  }
  apply(theme);
}

/** A named value of tokens.css as a colour that a canvas takes. */
export function colour(name) {
  if (!colours.has(name)) {
    probe.hidden = true;
    if (!probe.isConnected) document.body.append(probe);
    probe.style.color = `var(${name})`;
    colours.set(name, getComputedStyle(probe).color);
  }
  return colours.get(name);
}

dark.addEventListener("change", changed);
apply(stored());
