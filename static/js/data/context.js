/** What the parts of the data page share: the API, its addresses, the names of series, and who looks. */
import { Api } from "telltale/api.js";

export const me = { user: document.body.querySelector("[data-user]").dataset.user };
/** Tells "ended" when the session is over, "changed" when readings were corrected, imported or moved. */
export const page = new EventTarget();
export const api = new Api(() => page.dispatchEvent(new Event("ended")));

/** The addresses that this server has, by its own description. */
export async function addresses() {
  const document = await api.getSurely("api/openapi.json");
  return new Set(Object.keys(document?.paths ?? {}));
}

/** The names of all series that have readings. */
export async function seriesNames() {
  const answer = await api.getSurely("api/latest");
  return (answer?.latest ?? []).map(([name]) => name).sort();
}

export function changed() {
  page.dispatchEvent(new Event("changed"));
}
