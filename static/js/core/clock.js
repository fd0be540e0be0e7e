/**
 * The server's time, learned from its frames. A frame can only be late, so the largest of the last offsets is the best;
 * one that is far off means that a clock was set or this machine slept, and stands alone.
 */

const SAMPLES = 16;
const JUMP = 2_000;

export class ServerClock {
  #offsets = [];
  #offset;

  /** `monotonic` and `wall` give ms; the wall clock serves until the first frame. */
  constructor(monotonic = () => performance.now(), wall = () => Date.now()) {
    this.monotonic = monotonic;
    this.#offset = wall() - monotonic();
  }

  observe(time) {
    const offset = time - this.monotonic();
    if (Math.abs(offset - this.#offset) > JUMP) this.#offsets = [];
    this.#offsets.push(offset);
    if (this.#offsets.length > SAMPLES) this.#offsets.shift();
    this.#offset = Math.max(...this.#offsets);
  }

  now() {
    return this.monotonic() + this.#offset;
  }
}
