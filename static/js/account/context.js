/** What the parts of the page share: the API, who looks, and the account as it was read last. */
import { Api } from "telltale/api.js";

export const me = { user: document.body.querySelector("[data-user]").dataset.user };
/** Tells "ended" when the session is over, "change" when the account was read again. */
export const page = new EventTarget();
export const api = new Api(() => page.dispatchEvent(new Event("ended")));
export const account = { now: null };

/** Read the account again; throws Refused, or TypeError when there is no server. */
export async function reload() {
  account.now = await api.get("api/account");
  page.dispatchEvent(new Event("change"));
}
