/** Light or dark: the system's choice until someone makes another, which is kept. Canvas colours come from here too. */

const KEY = "telltale-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const probe = document.createElement("i");
const colours = new Map();

export const themes = new EventTarget();

function apply(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
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

/** "light", "dark", or "" for the system's choice. */
export const chosenTheme = () => document.documentElement.dataset.theme ?? "";

/** Use a theme, "" for the system's, and keep the choice. */
export function chooseTheme(theme) {
  try {
    if (theme) localStorage.setItem(KEY, theme);
    else localStorage.removeItem(KEY);
  } catch {
    // private windows may not store; the choice then lasts as long as the page
  }
  apply(theme);
}

export const toggleTheme = () => chooseTheme(isDark() ? "light" : "dark");

/** Paper is light, whatever the screen is. */
export function forPaper(printing) {
  apply(printing ? "light" : stored());
}

/** A named value of tokens.css as a colour that a canvas takes. */
export function colour(name) {
  if (!colours.has(name)) {
    probe.hidden = true;
    probe.style.forcedColorAdjust = "none"; // else every colour would be that of text
    if (!probe.isConnected) document.body.append(probe);
    probe.style.color = `var(${name})`;
    colours.set(name, getComputedStyle(probe).color);
  }
  return colours.get(name);
}

dark.addEventListener("change", changed);
matchMedia("(forced-colors: active)").addEventListener("change", changed);
apply(stored());
