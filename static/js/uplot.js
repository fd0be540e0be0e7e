/** uPlot, which pages that may never draw a chart load with the first one; others name it in their head. */

/** ms until the next try, and at most. */
const SOON = 1_000;
const LATEST = 15_000;

let loading = null;

/** Whether charts can be drawn now. */
export const plottable = () => "uPlot" in globalThis;

/** Resolves when they can: a server that is away is asked again until it is back. */
export function loadPlots() {
  loading ??= new Promise((resolve) => load(resolve, SOON));
  return loading;
}

function load(resolve, wait) {
  const script = document.createElement("script");
  script.src = import.meta.resolve("uplot");
  script.onload = resolve;
  script.onerror = () => {
    script.remove();
    setTimeout(load, wait, resolve, Math.min(2 * wait, LATEST));
  };
  document.head.append(script);
}
