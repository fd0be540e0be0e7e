/** Corrections: what a form asks for, and what the list says, in words. */
import { formatNumber } from "telltale/core/format.js";

/** The body of `POST /api/corrections`; {error} where the form is not complete. Times in ms. */
export function correctionOf({ series, from, to, action, above, below, why }) {
  if (!series.trim()) return { error: "Say which series." };
  if (from === null || to === null) return { error: "Give both the beginning and the end." };
  if (to <= from) return { error: "The end must be after the beginning." };
  const limits = {};
  for (const [name, text] of Object.entries({ above, below })) {
    const value = text.trim() === "" ? null : Number(text);
    if (value !== null && !Number.isFinite(value)) return { error: `“${text}” is no number.` };
    limits[name] = value;
  }
  if (!why.trim()) return { error: "Say why: who looks later will want to know." };
  return { body: { series: series.trim(), from, to, action, ...limits, why: why.trim() } };
}

/** Which readings of the span it is about. */
export function which({ above, below }) {
  if (above === null && below === null) return "all readings";
  if (above === null) return `values below ${formatNumber(below)}`;
  if (below === null) return `values above ${formatNumber(above)}`;
  return `values above ${formatNumber(above)} or below ${formatNumber(below)}`;
}

/** How far it is. */
export function stateOf({ state, readings }) {
  const count = `${readings.toLocaleString()} reading${readings === 1 ? "" : "s"}`;
  return { running: `at work, ${count} so far`, done: count, undone: `undone, ${count} back` }[state] ?? state;
}
