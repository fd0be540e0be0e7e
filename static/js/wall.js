/** What is drawn on a canvas, on a screen on a wall: as large as its other texts there (kiosk.css). */

const kiosk = document.documentElement.dataset.kiosk !== undefined;
/** Below this share of the height of the screen a letter does not read from three metres. */
const READABLE = 0.025;

/** Pixels of a text that is `size` pixels on a desk. */
export const textSize = (size) => (kiosk ? Math.max(size, READABLE * innerHeight) : size);
