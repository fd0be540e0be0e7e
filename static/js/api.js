/** The HTTP side of the public contract. A session that has ended (401) is told to `onEnded`. */
import { t } from "telltale/core/words.js";

const TOKEN = new URLSearchParams(location.search).get("token");
/** Addresses are those of the server, whichever page asks. */
const ROOT = `${location.origin}/`;
const FIRST = 500;
const LONGEST = 8_000;
/** Answers that will be the same next time. */
const FINAL = new Set([400, 403, 404, 413]);

/** The address of the live socket; a kiosk link's token goes along. */
export function liveUrl() {
  const url = new URL("ws/live", ROOT);
  url.protocol = url.protocol.replace("http", "ws");
  url.search = TOKEN ? `?${new URLSearchParams({ token: TOKEN })}` : "";
  return url.href;
}

/** The address of another page, or of something to download; a kiosk link's token goes along. */
export function pageUrl(path, query = []) {
  const all = new URLSearchParams(TOKEN ? [...query, ["token", TOKEN]] : query);
  const { pathname } = new URL(path, ROOT);
  return all.size ? `${pathname}?${all}` : pathname;
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

/** An answer that is not 2xx. */
export class Refused extends Error {
  constructor(status, error) {
    super(error?.message ?? t("the server answered {status}", { status }));
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
    const response = await fetch(url, { ...options, headers, redirect: "error", cache: "no-store" });
    if (response.status === 401) this.onEnded();
    const body = await (response.ok ? response[kind]() : response.json()).catch(() => null);
    if (!response.ok) throw new Refused(response.status, body?.error);
    return body;
  }
}
