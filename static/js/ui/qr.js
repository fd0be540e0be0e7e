/** QR codes, drawn as one path of SVG; the library comes when the first is asked for. */
import { html } from "lit";
import { again } from "telltale/again.js";

/** Modules of white around it, as the standard wants (ISO/IEC 18004, 4 on each side). */
const QUIET = 4;

/** A template with the QR code of a text; `about` is what it is, for those who do not see it. */
export async function qr(text, about) {
  // a browser may remember that an address failed
  const { generate } = await again((n) => (n === 1 ? import("lean-qr") : import(`${import.meta.resolve("lean-qr")}&try=${n}`)));
  const code = generate(text);
  const runs = [];
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) {
      if (code.get(x, y)) runs.push(`M${x + QUIET} ${y + QUIET}h1v1h-1z`);
    }
  }
  const side = code.size + 2 * QUIET;
  return html`<svg class="qr-code" viewBox="0 0 ${side} ${side}" role="img" aria-label=${about}>
    <rect width=${side} height=${side}></rect>
    <path d=${runs.join("")}></path>
  </svg>`;
}
