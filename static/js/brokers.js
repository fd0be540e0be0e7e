/** What `GET /api/bridges` says, looked up again and again while someone looks at the page; tells "change". */

/** ms between two looks. */
const EVERY = 10_000;
/** ms before the first: what the page is about comes before. */
const SOON = 1_000;

export class Brokers extends EventTarget {
  /** As the server says it; null: not known yet. */
  list = null;
  #api;
  #users = 0;
  #first = null;
  #timer = null;
  #asking = false;

  constructor(api) {
    super();
    this.#api = api;
  }

  /** Look from now on; returns the way to end that. */
  follow() {
    this.#users += 1;
    if (this.#users === 1) {
      this.#first = setTimeout(this.#look, SOON);
      this.#timer = setInterval(this.#look, EVERY);
      document.addEventListener("visibilitychange", this.#look);
    }
    return () => {
      this.#users -= 1;
      if (this.#users) return;
      clearTimeout(this.#first);
      clearInterval(this.#timer);
      document.removeEventListener("visibilitychange", this.#look);
    };
  }

  #look = async () => {
    if (document.hidden || this.#asking) return;
    this.#asking = true;
    try {
      this.list = (await this.#api.get("api/bridges")).bridges;
      this.dispatchEvent(new Event("change"));
    } catch {
      // the server is missing: the page says that elsewhere
    } finally {
      this.#asking = false;
    }
  };
}
