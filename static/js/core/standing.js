/** How far a value can be believed: none, live, stale, offline (its device) or lost (the server). Times in ms. */
import { staleAfter } from "telltale/core/interval.js";

/** Without a known interval, a value this old is stale. */
const UNKNOWN = 3_600_000;

/** `device` is the inventory's, `connection` the model's. */
export function standing(series, device, connection, now) {
  if (!series?.latest) return "none";
  if (connection !== "live") return "lost";
  if (device?.state === "offline") return "offline";
  const { interval } = series.main;
  const age = now - series.latest.t;
  if (interval === null && !series.loaded) return age > UNKNOWN ? "stale" : "live";
  return age > staleAfter(interval) ? "stale" : "live";
}
