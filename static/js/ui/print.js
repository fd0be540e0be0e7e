/**
 * Paper: light whatever the screen is, with a head that says what is shown, of which span, and when it was printed.
 * Charts that were never near the screen have nothing to draw; the others are drawn anew in the light colours.
 */
import { formatMoment } from "telltale/core/format.js";
import { t } from "telltale/core/words.js";
import { offsetName, zoneName } from "telltale/core/zone.js";
import { forPaper } from "telltale/theme.js";

const paper = matchMedia("print");
let span = () => "";
let head = null;

/** Have the printed page say which span it shows: `told()` gives it in words, or "". */
export function printed(told) {
  span = told;
}

function prepare() {
  if (head) return;
  const now = Date.now();
  head = document.createElement("p");
  head.className = "paper";
  const title = document.createElement("strong");
  title.textContent = document.title;
  const [zone, offset] = [zoneName(), offsetName(now)];
  const where = zone === offset ? zone : `${zone} (${offset})`;
  const facts = [span(), t("printed {moment}", { moment: formatMoment(now, 0) }), where];
  head.append(title, ` ${facts.filter(Boolean).join(" · ")}`);
  document.body.prepend(head);
  forPaper(true);
}

function restore() {
  head?.remove();
  head = null;
  forPaper(false);
}

addEventListener("beforeprint", prepare);
addEventListener("afterprint", restore);
paper.addEventListener("change", () => (paper.matches ? prepare() : restore()));
