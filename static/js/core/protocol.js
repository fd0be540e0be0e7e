/**
 * The page's side of /ws/live, without a socket: frames in, actions out. It owns the position (epoch, seq) to resume
 * from and decides whether the link is alive. `now` is a monotonic time in ms.
 *
 * Actions: state (live | down), send (text), load (history must be fetched anew), devices (fetch their list), readings,
 * refetch (spans of history), presence, device, series (its unit and label), annotation, board, storage, time, reconnect.
 */

/** The server sends something every second. With looks five times a second the page knows within 3 s. */
export const SILENCE = 2_500;
/** A look this late means that the page itself slept; its frames may still wait to be read. */
const SLEPT = 1_500;

export class LiveProtocol {
  #heard = null;
  #looked = null;
  #spoke = null;
  #command = 0;
  #asked = null;
  #more = new Set();

  constructor(patterns = ["*"]) {
    this.patterns = [...patterns];
    this.position = null;
    this.state = "down";
  }

  opened(now) {
    this.#heard = now;
    this.#spoke = now;
    this.#command += 1;
    this.#asked = this.#command;
    const since = this.position ? { since: this.position } : {};
    return [{ type: "send", text: JSON.stringify({ id: this.#command, subscribe: this.patterns, ...since }) }];
  }

  /** More series are wanted. */
  follow(patterns) {
    this.patterns.push(...patterns);
    if (!patterns.length || this.#heard === null) return [];
    this.#command += 1;
    this.#more.add(this.#command);
    return [{ type: "send", text: JSON.stringify({ id: this.#command, subscribe: patterns }) }];
  }

  closed() {
    this.#heard = null;
    this.#asked = null;
    this.#more.clear();
    return this.#become("down");
  }

  received(text, now) {
    this.#heard = now;
    this.#spoke = now;
    const frame = parse(text);
    if (frame === null) return [];
    const actions = "time" in frame ? [{ type: "time", time: frame.time }] : [];
    if ("id" in frame) return actions.concat(this.#answer(frame));
    if (frame.readings) actions.push({ type: "readings", readings: frame.readings });
    if (frame.changed) actions.push({ type: "refetch", spans: frame.changed });
    if (frame.skipped) actions.push({ type: "refetch", spans: frame.skipped.spans });
    if (frame.presence) actions.push({ type: "presence", presence: frame.presence });
    if (frame.annotation) actions.push({ type: "annotation", annotation: frame.annotation });
    if (frame.board) actions.push({ type: "board", board: frame.board });
    if (frame.storage) actions.push({ type: "storage", storage: frame.storage });
    if (frame.series) actions.push({ type: "series", series: frame.series });
    if (frame.device) actions.push({ type: "device", device: frame.device });
    // before the answer to subscribe a seq says nothing about what this socket has been sent
    if (Number.isInteger(frame.seq) && this.position && this.#asked === null) this.position.seq = frame.seq;
    return actions;
  }

  /** The browser had frozen the page: what the link is worth now is not waited for, its position is resumed at once. */
  woke(now) {
    if (this.#heard === null || now - this.#spoke <= SILENCE) return [];
    return [...this.closed(), { type: "reconnect" }];
  }

  /** Look whether the link still speaks; call it about five times a second. */
  look(now) {
    const slept = this.#looked !== null && now - this.#looked > SLEPT;
    this.#looked = now;
    if (this.#heard === null) return [];
    if (slept) this.#heard = now;
    if (now - this.#heard <= SILENCE) return [];
    return [...this.closed(), { type: "reconnect" }];
  }

  #answer(frame) {
    if (this.#more.delete(frame.id)) return frame.ok ? [{ type: "readings", readings: frame.latest }] : [];
    if (frame.id !== this.#asked) return [];
    this.#asked = null;
    if (!frame.ok) return [...this.#become("down"), { type: "reconnect" }];
    this.position = { epoch: frame.epoch, seq: frame.seq };
    return [
      ...this.#become("live"),
      { type: "devices" },
      ...(frame.recovered ? [] : [{ type: "load" }]),
      { type: "readings", readings: frame.latest },
    ];
  }

  #become(state) {
    if (state === this.state) return [];
    this.state = state;
    return [{ type: "state", state }];
  }
}

function parse(text) {
  try {
    const frame = JSON.parse(text);
    return frame !== null && typeof frame === "object" ? frame : null;
  } catch {
    return null;
  }
}
