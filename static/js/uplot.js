/** uPlot, which pages that may never draw a chart load with the first one; others name it in their head. */

let loading = null;

/** Whether charts can be drawn now. */
export const plottable = () => "uPlot" in globalThis;

/** Resolves when they can; tried again by the next who asks where the file could not be loaded. */
export function loadPlots() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = import.meta.resolve("uplot");
    script.onload = resolve;
    script.onerror = () => {
      loading = null;
      script.remove();
      reject(new Error(`${script.src} could not be loaded`));
    };
    document.head.append(script);
  });
  return loading;
}
