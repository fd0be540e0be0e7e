/** What the page of devices knows: asked every few seconds while it is seen, and after every change. */
import { Api } from "telltale/api.js";

/** Milliseconds between two looks. */
const EVERY = 2_000;

/** Tells "change" when there is something new, "ended" when the session is over. */
class Store extends EventTarget {
  ended = false;
  there = false;
  devices = [];
  waiting = [];
  blocked = [];
  admission = "";
  grace = 0;
  time = 0;
  api = new Api(() => {
    this.ended = true;
    this.#tell("ended");
  });

  /** Ask again and again; the answer ends that. */
  follow() {
    const look = () => {
      if (!document.hidden && !this.ended) this.load().catch(() => {});
    };
    look();
    const timer = setInterval(look, EVERY);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }

  async load() {
    const found = await this.api.get("api/devices/credentials");
    const { devices, waiting, blocked, admission, time } = found;
    Object.assign(this, { devices, waiting, blocked, admission, time, grace: found.rotation_grace, there: true });
    this.#tell("change");
  }

  /** POST to one of the devices' addresses, and look again; the answer. */
  async act(verb, body) {
    const done = await this.api.post(`api/devices/${verb}`, body);
    await this.load();
    return done;
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}

export const store = new Store();
export const me = { user: document.body.querySelector("[data-user]").dataset.user };
