/**
 * One drain per animation frame. Whatever has to be painted is marked; each is painted once in the next frame.
 * Making a chart is dear, so only as many are made in one frame as fit into a few milliseconds.
 */

const BUDGET = 8;

const marked = new Set();
const making = [];
let requested = false;

/** Have `one.paint()` called in the next frame. */
export function mark(one) {
  marked.add(one);
  request();
}

/** Have `make()` called in one of the next frames. */
export function soon(make) {
  making.push(make);
  request();
}

function request() {
  if (requested) return;
  requested = true;
  requestAnimationFrame(drain);
}

function drain() {
  requested = false;
  const now = [...marked];
  marked.clear();
  for (const one of now) one.paint();
  const end = performance.now() + BUDGET;
  while (making.length && performance.now() < end) making.shift()();
  if (making.length) request();
}
