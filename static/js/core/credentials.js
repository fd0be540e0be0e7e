/** API tokens and the links of screens as the page shows them: what a form asks for, and what there is in groups. */

/** How long a new one lives, as the API takes it; the empty one has no end. */
export const LIVES = ["", "7d", "30d", "90d", "365d"];

/** The patterns in a text: one a line, or with commas between. */
export function patternsOf(text) {
  const found = text.split(/[\n,]/).map((one) => one.trim());
  return [...new Set(found.filter(Boolean))];
}

/** What a form of {name, role, reach, patterns, write, expires} asks the API for. */
export function wanted({ name, role, reach, patterns, write, expires }) {
  const limits = reach === "all" ? {} : { series: patternsOf(patterns), write: Boolean(write) };
  return { name: name.trim(), role, ...limits, ...(expires ? { expires } : {}) };
}

/** The tokens of programs and the links of screens, each in the order of their names. */
export function grouped(tokens) {
  return { programs: tokens.filter((one) => one.board === null), screens: tokens.filter((one) => one.board !== null) };
}

/** in-use, expired, unused or used: what is most worth knowing of one. */
export function stateOf({ expired, open, used }) {
  if (expired) return "expired";
  if (open) return "in-use";
  return used === null ? "unused" : "used";
}
