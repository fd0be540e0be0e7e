/**
 * Moving and zooming a chart by hand: one finger moves (up and down the page scrolls), two zoom, a double tap goes live;
 * with the mouse shift and drag moves, the wheel with ctrl (or cmd) zooms and with shift moves. A plain drag is uPlot's.
 */

/** ms between two taps, and pixels that a tap may stray. */
const DOUBLE = 350;
const STRAY = 12;
/** How much one notch of the wheel zooms, and moves in spans. */
const ZOOM = 1.25;
const MOVE = 0.1;
const NOTCH = 100;

/**
 * Listen on `surface`. `span()` is what it shows, {from, to} in ms; `look(change)` changes the view: `change(view, now)`;
 * `live()` goes back to live.
 */
export function gestures(surface, { span, look, live }) {
  const fingers = new Map();
  let start = null;
  let tapped = { at: 0, x: 0, y: 0 };

  const width = () => Math.max(1, surface.clientWidth);
  const place = (event) => event.clientX - surface.getBoundingClientRect().left;
  const begin = () => {
    start = { ...span(), at: [...fingers.values()].map(({ x }) => x), moved: start?.moved ?? false };
  };

  function down(event) {
    if (event.pointerType === "mouse" && !(event.shiftKey && event.button === 0)) return;
    if (event.pointerType !== "touch") {
      event.preventDefault();
      surface.setPointerCapture(event.pointerId);
    }
    if (!fingers.size) start = null;
    fingers.set(event.pointerId, { x: place(event), y: event.clientY });
    begin();
  }

  function move(event) {
    const finger = fingers.get(event.pointerId);
    if (!finger || !start || fingers.size > 2) return;
    finger.x = place(event);
    const now = [...fingers.values()].map(({ x }) => x);
    if (!start.moved && now.length === 1 && Math.abs(now[0] - start.at[0]) < STRAY) return;
    start.moved = true;
    const pixel = (start.to - start.from) / width();
    if (now.length === 1) {
      const by = (start.at[0] - now[0]) * pixel;
      look((view, time) => {
        const step = Math.min(by, Math.max(0, time - start.to));
        view.zoomTo(start.from + step, start.to + step);
      });
    } else {
      // what was under each finger stays there
      const [left, right] = start.at.map((x) => start.from + x * pixel);
      const apart = now[1] - now[0];
      const wide = Math.abs(apart) < 1 ? pixel : Math.abs((right - left) / apart);
      const from = (left + right) / 2 - ((now[0] + now[1]) / 2) * wide;
      look((view) => view.zoomTo(from, from + wide * width()));
    }
  }

  function up(event) {
    const finger = fingers.get(event.pointerId);
    fingers.delete(event.pointerId);
    if (!finger) return;
    if (event.pointerType === "touch" && !start?.moved && event.type === "pointerup" && !fingers.size) tap(event);
    if (fingers.size) begin();
  }

  function tap({ timeStamp: at, clientX: x, clientY: y }) {
    const near = Math.abs(x - tapped.x) < 2 * STRAY && Math.abs(y - tapped.y) < 2 * STRAY;
    if (near && at - tapped.at < DOUBLE) live();
    tapped = { at, x, y };
  }

  function wheel(event) {
    const zooms = event.ctrlKey || event.metaKey;
    if (!zooms && !event.shiftKey) return;
    event.preventDefault();
    const notches = Math.min(3, Math.max(-3, (event.deltaY || event.deltaX) / NOTCH));
    const { from, to } = span();
    const at = from + (place(event) / width()) * (to - from);
    look((view, now) =>
      zooms ? view.scale(ZOOM ** notches, now, at) : view.shift(MOVE * notches * (to - from), now),
    );
  }

  surface.addEventListener("pointerdown", down);
  surface.addEventListener("pointermove", move);
  surface.addEventListener("pointerup", up);
  surface.addEventListener("pointercancel", up);
  surface.addEventListener("wheel", wheel, { passive: false });
}
