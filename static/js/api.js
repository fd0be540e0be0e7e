/** The HTTP side of the public contract. A session that has ended (401) is told to `onEnded`. */
import { lang, t } from "telltale/core/words.js";

const here = new URLSearchParams(location.search);
const TOKEN = here.get("token");
/** The board as whose screen the page is open (its token is in a cookie): named in each request. */
export const SCREEN = here.get("screen");
/** What goes along with every request and link. */
const ALONG = Object.entries({ token: TOKEN, screen: SCREEN }).filter(([, value]) => value !== null);
/** Addresses are those of the server, whichever page asks. */
const ROOT = `${location.origin}/`;
const FIRST = 500;
const LONGEST = 8_000;
/** Answers that will be the same next time. */
const FINAL = new Set([400, 403, 404, 413]);

/** The address of the live socket; a token in the page's address goes along. */
export function liveUrl() {
  const url = new URL("ws/live", ROOT);
  url.protocol = url.protocol.replace("http", "ws");
  url.search = new URLSearchParams(ALONG).toString();
  return url.href;
}

/** The address of another page, or of something to download; a token in the page's address goes along. */
export function pageUrl(path, query = []) {
  const all = new URLSearchParams([...query, ...ALONG]);
  const { pathname } = new URL(path, ROOT);
  return all.size ? `${pathname}?${all}` : pathname;
}

/** The address of the login, from which one comes back to this page as it is now. */
export function loginUrl() {
  return `/login?${new URLSearchParams({ next: `${location.pathname}${location.search}` })}`;
}

/** POST a file as it is; `told(bytes)` hears how much is sent. Resolves to {status, text}; 0: no answer, or aborted. */
export function upload(path, file, told, signal) {
  const request = new XMLHttpRequest(); // fetch does not tell how far an upload is
  request.open("POST", new URL(path, ROOT));
  if (TOKEN) request.setRequestHeader("Authorization", `Bearer ${TOKEN}`);
  request.upload.addEventListener("progress", (event) => told(event.loaded));
  signal.addEventListener("abort", () => request.abort());
  request.send(file);
  return new Promise((resolve) => {
    request.addEventListener("loadend", () => resolve({ status: request.status, text: request.responseText }));
  });
}

/** What the codes of refusals mean; the server's own sentences are in English. */
const MEANINGS = {
  bad_message: () => t("The server could not understand this."),
  bad_request: () => t("The server could not understand this."),
  bad_value: () => t("The server does not take this value."),
  bad_time: () => t("The server does not take this time."),
  too_large: () => t("This is too large."),
  unknown_device: () => t("There is no such device."),
  unauthorized: () => t("Your session has ended."),
  forbidden: () => t("You may not do this."),
  not_found: () => t("This is not there any more."),
  conflict: () => t("Someone else has changed this meanwhile."),
  gone: () => t("This is not there any more."),
  rate_limited: () => t("This was too often: try again in a moment."),
  try_later: () => t("The server cannot do this now: try again in a moment."),
  internal: () => t("The server failed; its log says why."),
};

/** What the server says; in other languages than its own, what that means stands before it. */
function saidOf(error) {
  const meaning = Object.hasOwn(MEANINGS, error?.code ?? "") ? MEANINGS[error.code]() : "";
  if (lang === "en" || !meaning) return error?.message;
  return error.message ? `${meaning} (${error.message})` : meaning;
}

/** An answer that is not 2xx. */
export class Refused extends Error {
  constructor(status, error) {
    super(saidOf(error) ?? t("the server answered {status}", { status }));
    this.status = status;
    this.code = error?.code;
  }
}

export class Api {
  constructor(onEnded) {
    this.onEnded = onEnded;
  }

  /** GET JSON; `query` is pairs, so that keys may repeat. Throws Refused, or TypeError when there is no server. */
  get(path, query = []) {
    return this.#ask(`${path}?${new URLSearchParams(query)}`, {});
  }

  /** GET an ArrayBuffer; `signal` ends it. */
  bytes(path, query, signal) {
    const headers = { Accept: "application/octet-stream" };
    return this.#ask(`${path}?${new URLSearchParams(query)}`, { headers, signal }, "arrayBuffer");
  }

  post(path, body) {
    const headers = { "Content-Type": "application/json" };
    return this.#ask(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  patch(path, body) {
    const headers = { "Content-Type": "application/merge-patch+json" };
    return this.#ask(path, { method: "PATCH", headers, body: JSON.stringify(body) });
  }

  put(path, body) {
    const headers = { "Content-Type": "application/json" };
    return this.#ask(path, { method: "PUT", headers, body: JSON.stringify(body) });
  }

  delete(path) {
    return this.#ask(path, { method: "DELETE" });
  }

  /** GET until there is an answer; null if the server refuses for good. */
  async getSurely(path, query = []) {
    for (let wait = FIRST; ; wait = Math.min(wait * 2, LONGEST)) {
      try {
        return await this.get(path, query);
      } catch (error) {
        if (error instanceof Refused && FINAL.has(error.status)) return null;
        await new Promise((resolve) => {
          setTimeout(resolve, wait * (0.75 + Math.random() / 2));
        });
      }
    }
  }

  async #ask(path, options, kind = "json") {
    const headers = { Accept: "application/json", ...options.headers };
    if (TOKEN) headers.Authorization = `Bearer ${TOKEN}`;
    const url = new URL(path, ROOT);
    if (SCREEN !== null) url.searchParams.append("screen", SCREEN);
    const response = await fetch(url, { ...options, headers, redirect: "error", cache: "no-store" });
    if (response.status === 401) this.onEnded();
    const body = await (response.ok ? response[kind]() : response.json()).catch(() => null);
    if (!response.ok) throw new Refused(response.status, body?.error);
    return body;
  }
}
