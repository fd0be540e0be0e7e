/** uPlot, which pages that may never draw a chart load with the first one; others name it in their head. */
import { again } from "telltale/again.js";

let loading = null;

/** Whether charts can be drawn now. */
export const plottable = () => "uPlot" in globalThis;

/** Resolves when they can. */
export function loadPlots() {
  loading ??= again(load);
  return loading;
}

const load = () =>
  new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = import.meta.resolve("uplot");
    script.onload = resolve;
    script.onerror = () => {
      script.remove();
      reject(new Error(script.src));
    };
    document.head.append(script);
  });
