/**
 * What the explore page shows, as its address says it: series, span, view and what belongs to them. Pure.
 *
 *     ?s=boiler/temperature&s=boiler/power&from=now-7d&to=now&view=scatter&x=0&y=1&step=60000&above=0:25.5&off=1
 */

export const VIEWS = ["lines", "scatter", "heat", "histogram", "table"];
/** Series at once: as many as there are colours. */
export const MOST = 6;
export const USUAL = { from: "now-24h", to: "now" };

/** The state that the parameters (URLSearchParams) mean; what cannot be understood is as if it were not there. */
export function readState(params) {
  const series = [...new Set(params.getAll("s").filter(Boolean))].slice(0, MOST);
  const index = (text) => (/^\d$/.test(text ?? "") && Number(text) < series.length ? Number(text) : null);
  const view = VIEWS.includes(params.get("view")) ? params.get("view") : "lines";
  const step = /^\d{4,9}$/.test(params.get("step") ?? "") ? Number(params.get("step")) : null;
  const state = { series, from: params.get("from") || USUAL.from, to: params.get("to") || USUAL.to, view, step };
  const [x, y] = [index(params.get("x")) ?? 0, index(params.get("y")) ?? (series.length > 1 ? 1 : 0)];
  const levels = {};
  for (const text of params.getAll("above")) {
    const [, at, level] = /^(\d):(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/i.exec(text) ?? [];
    if (at !== undefined && Number(at) < series.length) levels[series[at]] = Number(level);
  }
  const off = new Set(params.getAll("off").map(index).filter((one) => one !== null).map((at) => series[at]));
  return { ...state, x: series[x] ?? null, y: series[y] ?? null, levels, off };
}

/** The parameters, as pairs, that read as this state. */
export function stateParams({ series, from, to, view, step, x, y, levels, off }) {
  const pairs = series.map((name) => ["s", name]);
  if (from !== USUAL.from || to !== USUAL.to) pairs.push(["from", from], ["to", to]);
  if (view !== "lines") pairs.push(["view", view]);
  const at = (name) => String(series.indexOf(name));
  if (series.includes(x) && at(x) !== "0") pairs.push(["x", at(x)]);
  if (series.includes(y) && at(y) !== (series.length > 1 ? "1" : "0")) pairs.push(["y", at(y)]);
  if (step !== null) pairs.push(["step", String(step)]);
  for (const name of series) if (Object.hasOwn(levels, name)) pairs.push(["above", `${at(name)}:${levels[name]}`]);
  for (const name of series) if (off.has(name)) pairs.push(["off", at(name)]);
  return pairs;
}

/** The state with another series, or without one; a full or unchanged list is the same state. */
export function withSeries(state, name) {
  if (state.series.includes(name) || state.series.length >= MOST) return state;
  const series = [...state.series, name];
  const y = series.length === 2 || !state.series.includes(state.y) ? name : state.y;
  return { ...state, series, x: state.x ?? name, y };
}

export function withoutSeries(state, name) {
  const series = state.series.filter((one) => one !== name);
  const [x, y] = [state.x === name ? (series[0] ?? null) : state.x, state.y === name ? (series.at(-1) ?? null) : state.y];
  const levels = Object.fromEntries(Object.entries(state.levels).filter(([one]) => one !== name));
  return { ...state, series, x, y, levels, off: new Set([...state.off].filter((one) => one !== name)) };
}

/** Series in charts of at most two units each, in their order: [[series, …], …]; `unitOf(series)` may be null. */
export function charts(series, unitOf) {
  const units = [...new Set(series.map(unitOf))];
  const found = [];
  for (let i = 0; i < units.length; i += 2) {
    const here = units.slice(i, i + 2);
    found.push(series.filter((one) => here.includes(unitOf(one))));
  }
  return found;
}
