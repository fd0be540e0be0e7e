/**
 * The readings of one series as sorted columns: time (ms), value, and the lowest and highest of a bucket (for a raw
 * reading both are its value). One row a time; the last one put stands. Text has no lows and highs. How many readings a
 * row stands for is kept from the first row on that is said to stand for others than one.
 */

const START = 256;
/** Columns of numbers, before that of counts. */
const PLAIN = 4;

/** First index in the sorted `times` (up to `n`) whose time is not before `t`. */
export function lowerBound(times, t, n = times.length) {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle] < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Columns {
  #rows = 0;
  #columns;

  constructor(text = false) {
    this.text = text;
    const number = () => new Float64Array(START);
    this.#columns = text ? [number(), new Array(START)] : [number(), number(), number(), number()];
  }

  get length() {
    return this.#rows;
  }

  get t() {
    return this.#view(0);
  }

  get v() {
    return this.#view(1);
  }

  /** All columns, as views that are valid until the next change. */
  get all() {
    return this.#columns.slice(0, PLAIN).map((_, index) => this.#view(index));
  }

  /** How many readings each row stands for; null: one each. */
  get counts() {
    return this.#columns.length > PLAIN ? this.#view(PLAIN) : null;
  }

  /** Insert a row, or overwrite the one of the same time. */
  put(t, v, low = v, high = v, count = 1) {
    if (count !== 1 && this.#columns.length === PLAIN)
      this.#columns.push(new Float64Array(this.#columns[0].length).fill(1));
    const times = this.#columns[0];
    const last = this.#rows - 1;
    const at = last < 0 || t > times[last] ? this.#rows : lowerBound(times, t, this.#rows);
    if (at === this.#rows || times[at] !== t) this.#open(at);
    const row = [t, v, low, high, count];
    this.#columns.forEach((column, index) => {
      column[at] = row[index];
    });
  }

  /** Remove rows with `from` <= time <= `to`. */
  remove(from, to) {
    const begin = lowerBound(this.#columns[0], from, this.#rows);
    let end = begin;
    while (end < this.#rows && this.#columns[0][end] <= to) end += 1;
    this.#close(begin, end);
  }

  dropBefore(t) {
    this.#close(0, lowerBound(this.#columns[0], t, this.#rows));
  }

  /** Keep the newest `count` rows. */
  keep(count) {
    this.#close(0, Math.max(0, this.#rows - count));
  }

  #view(index) {
    const column = this.#columns[index];
    return Array.isArray(column) ? column.slice(0, this.#rows) : column.subarray(0, this.#rows);
  }

  #open(at) {
    if (this.#rows === this.#columns[0].length) this.#columns = this.#columns.map(grown);
    if (at < this.#rows) this.#columns.forEach((column) => column.copyWithin(at + 1, at, this.#rows));
    this.#rows += 1;
  }

  #close(begin, end) {
    if (begin === end) return;
    this.#columns.forEach((column) => column.copyWithin(begin, end, this.#rows));
    this.#rows -= end - begin;
  }
}

function grown(column) {
  if (Array.isArray(column)) return column.concat(new Array(column.length));
  const bigger = new Float64Array(column.length * 2);
  bigger.set(column);
  return bigger;
}
