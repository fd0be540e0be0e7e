/** What is said of an API token or a link: in use, last used, when it ends. */
import { html, nothing } from "lit";
import { formatAge, formatMoment, formatSpan } from "telltale/core/format.js";
import { stateOf } from "telltale/core/credentials.js";
import { plural, t } from "telltale/core/words.js";

/** Ms by which what is left is rounded up: 90 days that have just begun are 90 days. */
const ROUND = 60_000;

/** A chip where there is something to say beside when it was used. */
export function stateChip(one) {
  const state = stateOf(one);
  if (state === "expired") return html`<span class="chip" data-state="offline">${t("expired")}</span>`;
  if (state === "in-use")
    return html`<span class="chip" data-state="online">${plural(one.open, "{n} connection", "{n} connections")}</span>`;
  return nothing;
}

/** When it was used, and until when it works; `now` is the server's time. */
export function stateText(one, now) {
  const used = one.used === null ? t("never used") : t("used {age}", { age: formatAge(now - one.used) });
  if (one.expires === null) return used;
  if (one.expired) return `${used} · ${t("ended {moment}", { moment: formatMoment(one.expires, now) })}`;
  return `${used} · ${t("ends in {span}", { span: formatSpan(one.expires - now + ROUND) })}`;
}

/** The name of a length of life. */
export const lifeName = (life) =>
  ({ "": t("until it is revoked"), "7d": t("7 days"), "30d": t("30 days"), "90d": t("90 days"), "365d": t("a year") })[life];
