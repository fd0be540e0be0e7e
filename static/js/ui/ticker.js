/** Ages and time axes move on without data: every listener is called once a second, all in one frame. */

const listeners = new Set();

setInterval(() => listeners.forEach((listener) => listener()), 1_000);

export function everySecond(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
