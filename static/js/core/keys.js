/** The page's single-key shortcuts: which key does what, and when a key belongs to something else. */
import { t } from "telltale/core/words.js";

/** [key as shown, action, () => text] in the order of the list. */
export const SHORTCUTS = [
  ["?", "help", () => t("Show this list")],
  ["l", "live", () => t("Go live")],
  ["Space", "pause", () => t("Pause, or go on")],
  ["←", "earlier", () => t("Earlier")],
  ["→", "later", () => t("Later")],
  ["+", "in", () => t("Zoom in")],
  ["-", "out", () => t("Zoom out")],
  ["/", "find", () => t("Find")],
  ["k", "kiosk", () => t("Kiosk: only the readings")],
];

const ACTIONS = {
  ...{ "?": "help", l: "live", " ": "pause", ArrowLeft: "earlier", ArrowRight: "later", "+": "in", "=": "in" },
  ...{ "-": "out", "/": "find", k: "kiosk" },
};
const FIELDS = "input, textarea, select, [contenteditable]";
/** What takes the space bar, and what takes arrows. */
const PRESSED = "button, a[href], summary, label, [role=button], [role=checkbox], [role=switch]";
const MOVED = "[role=tablist], [role=listbox], [role=menu], [role=slider], [role=grid], [role=radiogroup]";

/** What a keydown means for the page, or null. */
export function actionOf({ key, ctrlKey, metaKey, altKey, defaultPrevented, target }) {
  if (ctrlKey || metaKey || altKey || defaultPrevented) return null;
  const inside = (what) => Boolean(target?.closest?.(what));
  if (inside(FIELDS) || inside("dialog")) return null;
  if (key === " " && inside(PRESSED)) return null;
  if (key.startsWith("Arrow") && inside(MOVED)) return null;
  return Object.hasOwn(ACTIONS, key) ? ACTIONS[key] : null;
}
