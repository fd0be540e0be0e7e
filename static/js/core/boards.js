/**
 * A board as data: parts of a kind and a size on a grid, in an order, and what each shows. Content in, content out; the
 * arguments are never changed. `{device}` in names and texts stands for the device that is looked at.
 */

export const GRID = 12;
export const TALLEST = 12;
/** The kinds of parts, each with the size in cells that a new one has, and how many series it takes. */
export const KINDS = {
  tile: { w: 3, h: 2, series: 1 },
  chart: { w: 6, h: 4, series: 6 },
  gauge: { w: 3, h: 3, series: 1 },
  strip: { w: 6, h: 2, series: 8 },
  table: { w: 4, h: 4, series: 24 },
  text: { w: 4, h: 2, series: 0 },
  plan: { w: 8, h: 6, series: 0 },
};
/** Rows of cells that a screen on a wall shows at once, so that it can be read from three metres. */
export const WALL_ROWS = 8;
const HOLE = "{device}";

const limit = (value, least, most) => Math.min(Math.max(value, least), most);

/** A part of a kind, new on `content`: its id is no other's. */
export function fresh(kind, content) {
  const used = new Set(content.parts.map((one) => one.id));
  let number = content.parts.length + 1;
  while (used.has(`p${number}`)) number += 1;
  const { w, h } = KINDS[kind];
  return { id: `p${number}`, kind, w, h };
}

/**
 * Where the parts lie: {places: [{x, y, w, h}], rows}, in cells. Each takes the highest place where nothing is below
 * it yet, so what comes later never stands above what was there.
 */
export function placed(parts, columns = GRID) {
  const filled = new Array(columns).fill(0);
  const places = parts.map(({ w: wide, h }) => {
    const w = Math.min(wide, columns);
    let best = null;
    for (let x = 0; x + w <= columns; x += 1) {
      const y = Math.max(...filled.slice(x, x + w));
      if (best === null || y < best.y) best = { x, y, w, h };
    }
    filled.fill(best.y + h, best.x, best.x + w);
    return best;
  });
  return { places, rows: Math.max(0, ...filled) };
}

/** The parts in screens for a wall: as few as possible, and of those with the least left empty. */
export function screens(parts) {
  const ways = [WALL_ROWS, WALL_ROWS + 1, WALL_ROWS + 2].map((rows) => inScreens(parts, rows));
  const empty = (all) => all.reduce((sum, one) => sum + placed(one).rows * GRID - one.reduce((n, { w, h }) => n + w * h, 0), 0);
  return ways.reduce((best, way) => {
    const fewer = way.length - best.length;
    return fewer < 0 || (fewer === 0 && empty(way) < empty(best)) ? way : best;
  });
}

/** The parts in screens of at most `rows` rows; one that is taller alone is cut to them. */
export function inScreens(parts, rows) {
  const found = [];
  let screen = [];
  for (const part of parts) {
    const one = part.h > rows ? { ...part, h: rows } : part;
    if (screen.length && placed([...screen, one]).rows > rows) {
      found.push(screen);
      screen = [];
    }
    screen.push(one);
  }
  if (screen.length) found.push(screen);
  return found;
}

const withParts = (content, parts) => ({ ...content, parts });
const indexOf = (content, id) => content.parts.findIndex((one) => one.id === id);

/** The part stands at another index, the others in their order. */
export function moved(content, id, to) {
  const from = indexOf(content, id);
  const parts = content.parts.toSpliced(from, 1);
  return withParts(content, parts.toSpliced(limit(to, 0, parts.length), 0, content.parts[from]));
}

/** One step earlier (-1) or later (1). */
export const stepped = (content, id, by) => moved(content, id, limit(indexOf(content, id) + by, 0, content.parts.length - 1));

/** The part is `w` by `h` cells, as far as the grid has them. */
export function resized(content, id, w, h) {
  return changed(content, id, { w: limit(Math.round(w), 1, GRID), h: limit(Math.round(h), 1, TALLEST) });
}

/** The part has these fields; undefined takes one away. */
export function changed(content, id, fields) {
  return withParts(
    content,
    content.parts.map((one) => (one.id === id ? clean({ ...one, ...fields }) : one)),
  );
}

export const removed = (content, id) => withParts(content, content.parts.filter((one) => one.id !== id));
export const added = (content, part) => withParts(content, [...content.parts, part]);

function clean(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Whether the board is one for every device of a kind. */
export const isTemplate = (content) => JSON.stringify(content).includes(HOLE);

/** The text for a device. */
export const filled = (text, device) => (text ?? "").replaceAll(HOLE, () => device ?? "");

/** A test for names by a pattern, in which * stands for any characters. */
export function matcher(pattern) {
  const escaped = pattern.split("*").map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const test = new RegExp(`^${escaped.join("[^]*")}$`, "u");
  return (name) => test.test(name);
}

/**
 * The names of series that a list of names and patterns means, for a device, of all `known`; a name without * stays
 * though it is not known (yet). At most `most`.
 */
export function resolved(list, device, known, most = Infinity) {
  const found = new Set();
  for (const one of list ?? []) {
    if (one.includes(HOLE) && !device) continue;
    const name = filled(one, device);
    if (!name.includes("*")) found.add(name);
    else {
      const matches = matcher(name);
      for (const other of [...known].filter(matches).sort()) found.add(other);
    }
  }
  return [...found].slice(0, most);
}

/** The names and patterns of a whole board. */
export function namesIn(content) {
  return content.parts.flatMap((part) => [...(part.series ?? []), ...(part.pins ?? []).map((pin) => pin.series)]);
}

/** The devices that a board for every device fits: those that it names, and that have one of its series at least. */
export function fitting(content, devices, known) {
  const matches = content.devices ? matcher(content.devices) : () => true;
  const names = namesIn(content).filter((name) => name.includes(HOLE));
  const all = [...known];
  return devices.filter((id) => matches(id) && (!names.length || resolved(names, id, all).some((name) => known.has(name))));
}

/** A board of everything: a tile for each series, on as many screens as that takes. `series`: [{name, kind}]. */
export function automatic(series) {
  const tile = { kind: "tile", w: 3, h: 2 };
  const parts = series.map(({ name, title, unit }, index) => ({
    ...{ ...tile, id: `p${index}`, series: [name] },
    ...(title && { title }),
    ...(unit && { unit }),
  }));
  const count = series.length;
  // few tiles are large: they are what is read from afar
  if (count <= 2) for (const part of parts) Object.assign(part, { w: GRID / Math.max(1, count), h: 4 });
  else if (count <= 6) for (const part of parts) Object.assign(part, { w: count === 4 ? 6 : 4, h: 4 });
  return { name: "", parts };
}

/** The steps of an editor: `content` is what stands, and can be undone and redone. */
export class Edits {
  #past = [];
  #future = [];

  constructor(content) {
    this.content = content;
    this.saved = content;
  }

  get dirty() {
    return this.content !== this.saved;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  change(content) {
    this.#past.push(this.content);
    if (this.#past.length > 200) this.#past.shift();
    this.#future = [];
    this.content = content;
  }

  undo() {
    if (!this.canUndo) return;
    this.#future.push(this.content);
    this.content = this.#past.pop();
  }

  redo() {
    if (!this.canRedo) return;
    this.#past.push(this.content);
    this.content = this.#future.pop();
  }
}
