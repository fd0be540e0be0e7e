/** Copies text. On plain http, as on most LANs, browsers offer no clipboard API; the old command still works. */
import { t } from "telltale/core/words.js";

/** Resolves to "copied" (clipboard API), "copied, the plain http way" or "select it and copy by hand". */
export async function copy(text) {
  if (window.isSecureContext && navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return t("copied");
    } catch {
      // not allowed here; try the old way
    }
  }
  return copyByCommand(text) ? t("copied, the plain http way") : t("select it and copy by hand");
}

function copyByCommand(text) {
  const area = document.createElement("textarea");
  area.className = "offstage";
  area.value = text;
  area.readOnly = true;
  const before = document.activeElement;
  (before?.closest("dialog") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus();
  return done;
}
