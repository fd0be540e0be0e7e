/**
 * How the server fares, asked again and again while someone looks at the page; tells "change" and "ended". What was
 * answered stays shown, and `age` says how old it is: an answer that does not come is as bad as one that says no.
 */
import { Api } from "telltale/api.js";

/** ms between two looks. */
export const EVERY = 5_000;
/** ms after which a question counts as unanswered: a link may be half open, and say nothing at all. */
const PATIENCE = 4_000;
/** What is asked: the name here, the address, and what of its answer is kept. */
const QUESTIONS = [
  ["system", "api/system", (body) => body],
  ["storage", "api/storage", (body) => body],
  ["bridges", "api/bridges", (body) => body.bridges],
  ["pollers", "api/pollers", (body) => body.pollers],
];

export class Store extends EventTarget {
  /** The last answers; null: none yet. */
  system = null;
  storage = null;
  bridges = null;
  pollers = null;
  /** Why the database could not be asked, or "". */
  problem = "";
  ended = false;
  /** Whether the last question was answered. */
  there = true;
  #api = new Api(() => {
    this.ended = true;
    this.#tell("ended");
  });
  #timer = null;
  #asking = false;
  #heard = null;

  /** Ask from now on; returns the way to end that. */
  follow() {
    this.#timer = setInterval(this.#look, EVERY);
    for (const name of ["visibilitychange", "resume"]) document.addEventListener(name, this.#look);
    this.#look();
    return () => {
      clearInterval(this.#timer);
      for (const name of ["visibilitychange", "resume"]) document.removeEventListener(name, this.#look);
    };
  }

  /** ms since the server answered; null: it has not yet. */
  get age() {
    return this.#heard === null ? null : performance.now() - this.#heard;
  }

  /** The server's time now, as far as its last answer tells. */
  get now() {
    return this.system.time + this.age;
  }

  /** Whether what is shown is current. */
  get live() {
    return this.there && this.age !== null && this.age < EVERY + PATIENCE;
  }

  #look = async () => {
    if (document.hidden || this.#asking || this.ended) return;
    this.#asking = true;
    const asked = QUESTIONS.map(([, path]) => soon(this.#api.get(path)));
    const [system, ...rest] = await Promise.allSettled(asked);
    this.#asking = false;
    this.there = system.status === "fulfilled";
    if (this.there) this.#heard = performance.now();
    this.problem = "";
    [system, ...rest].forEach((answer, i) => {
      const [name, , of] = QUESTIONS[i];
      if (answer.status === "fulfilled") this[name] = of(answer.value);
      else if (name === "storage" && this.there) this.problem = answer.reason.message;
    });
    this.#tell("change");
  };

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}

function soon(answer) {
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error("late")), PATIENCE);
  });
  return Promise.race([answer, late]);
}
