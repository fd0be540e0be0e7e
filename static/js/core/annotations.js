/**
 * The annotations that the page knows: all that reach beyond `from` (ms), kept whole by pushes. What is pushed while
 * they are fetched is newer than the answer and goes on top of it.
 */
import { formatMoment } from "telltale/core/format.js";
import { plural, t } from "telltale/core/words.js";

const TEXT = 80;
const SPOKEN = 5;

export class Annotations {
  from = Infinity;
  #known = new Map();
  #pushed = null;

  /** A fetch begins; keep the result for its end. A newer fetch makes it void. */
  begin() {
    this.#pushed = [];
    return this.#pushed;
  }

  /** What reaches beyond `from` has been fetched; null: it could not be. */
  load(fetch, list, from) {
    if (fetch !== this.#pushed) return;
    this.#pushed = null;
    if (list === null) return;
    this.from = from;
    this.#known = new Map(list.map((one) => [one.id, one]));
    fetch.forEach((one) => this.#put(one));
  }

  /** A push: new, changed, deleted or restored. */
  push(annotation) {
    this.#pushed?.push(annotation);
    this.#put(annotation);
  }

  /** Those on a series or on all, that overlap from..to (`to` outside), oldest first. */
  on(series, from, to) {
    const found = [...this.#known.values()].filter(
      (one) => (one.series === null || one.series === series) && one.from < to && endOf(one) > from,
    );
    return found.sort((a, b) => a.from - b.from || a.id - b.id);
  }

  #put(annotation) {
    if (annotation.deleted === null) this.#known.set(annotation.id, annotation);
    else this.#known.delete(annotation.id);
  }
}

/** Where it ends (ms, outside); a point takes one ms. */
export function endOf({ from, to }) {
  return to ?? from + 1;
}

/** Those that stand under a pointer at `x`, with `position(t)` and `x` in pixels: a line is `near` pixels wide. */
export function under(annotations, position, x, near) {
  return annotations.filter(({ from, to }) => {
    const left = position(from);
    const right = to === null ? left : Math.max(left, position(to));
    return x >= left - near && x <= right + near;
  });
}

/** When it is, in words. */
export function formatWhen({ from, to }, now) {
  return to === null ? formatMoment(from, now) : `${formatMoment(from, now)} – ${formatMoment(to, now)}`;
}

/** The newest of them in one sentence, for those who hear the page. */
export function spoken(annotations, now) {
  if (!annotations.length) return "";
  const told = annotations.slice(-SPOKEN).map((one) => `${formatWhen(one, now)}: ${short(one.text)}`);
  const more = annotations.length > SPOKEN ? `, ${t("the newest {n}", { n: SPOKEN })}` : "";
  return `; ${plural(annotations.length, "{n} note", "{n} notes")}${more}: ${told.join("; ")}`;
}

function short(text) {
  const line = text.replaceAll("\n", " ");
  return line.length > TEXT ? `${line.slice(0, TEXT - 1)}…` : line;
}
