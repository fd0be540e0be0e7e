/** The way between the pages of administration: those that the role of who looks may use. */
import { html, ref } from "lit";
import { pageUrl } from "telltale/api.js";
import { t } from "telltale/core/words.js";

const RANKS = { viewer: 1, operator: 2, admin: 3 };

const pages = () => [
  ["/devices", t("Devices"), RANKS.operator],
  ["/data", t("Data"), RANKS.operator],
  ["/system", t("System"), RANKS.operator],
  ["/people", t("People"), RANKS.admin],
  ["/tokens", t("Tokens and screens"), RANKS.admin],
  ["/audit", t("Audit log"), RANKS.admin],
  ["/account", t("My account"), RANKS.viewer],
];

/** Bring the current one into sight: on a phone, the row is longer than the screen. */
const show = (current) => {
  if (!current) return;
  requestAnimationFrame(() => {
    const row = current.parentElement;
    row?.scrollTo({ left: current.offsetLeft - row.offsetLeft - (row.clientWidth - current.offsetWidth) / 2 });
  });
};

/** A <nav> for a page's bar; `here` is the path of the page that shows it. Templates say who looks (base.html). */
export function tabs(here) {
  const { role, kind } = document.body.dataset;
  const mine = pages().filter(([path, , rank]) => rank <= (RANKS[role] ?? 0) && (path !== "/account" || kind === "user"));
  return html`<nav class="tabs" aria-label=${t("Administration")}>
    ${mine.map(([path, name]) =>
      path === here
        ? html`<a href=${pageUrl(path)} aria-current="page" ${ref(show)}>${name}</a>`
        : html`<a href=${pageUrl(path)}>${name}</a>`,
    )}
  </nav>`;
}
