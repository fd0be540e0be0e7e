/** A view as the parameters of an address, and back. Pure: parameters in and out, as pairs of name and text (or null). */
import { formatLength, parseSpan } from "telltale/core/grammar.js";
import { USUAL } from "telltale/core/view.js";

/** What the address says of a view; null: that parameter is left out. Live times are relative, the others in ms. */
export function viewParams(view, linked = true) {
  const fixed = view.fixed;
  const sync = linked ? null : "off";
  if (fixed) {
    const mode = view.mode === "paused" ? "paused" : null;
    return { from: String(Math.round(fixed.from)), to: String(Math.round(fixed.to)), mode, sync };
  }
  const from = view.range === USUAL ? null : `now-${formatLength(Math.round(view.range))}`;
  return { from, to: null, mode: null, sync };
}

/** Make the view what the parameters (URLSearchParams) say; what cannot be understood is as if it were not there. */
export function readView(params, view, now) {
  const found = params.has("from") ? parseSpan(params.get("from"), params.get("to") ?? "now", now) : {};
  if (found.range) view.show(found.range);
  else if (!("from" in found)) view.show(USUAL);
  else if (params.get("mode") === "paused") {
    view.show(found.to - found.from);
    view.hold(found.to);
  } else view.zoomTo(found.from, found.to);
}

/** The search part of an address with some parameters changed; null takes one out, others stay as they are. */
export function searchWith(search, changes) {
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) params.delete(name);
    else params.set(name, value);
  }
  return params.size ? `?${params}` : "";
}
