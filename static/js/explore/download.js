/** What is shown, as a CSV file made on the spot. */
import { binsCsv, heatCsv, pairsCsv, sheetCsv } from "telltale/core/sheet.js";
import { zoneName } from "telltale/core/zone.js";
import { histograms } from "telltale/explore/bars.js";
import { dateOf, heatmaps, hourStart } from "telltale/explore/heat.js";
import { correlated } from "telltale/explore/scatter.js";
import { store } from "telltale/explore/store.js";
import { sheet } from "telltale/explore/table.js";

const headed = (list) => list.map((one) => ({ ...one, head: store.head(one.name) }));

function text() {
  switch (store.state.view) {
    case "scatter": {
      const { pairs, x, y } = correlated();
      return pairsCsv(pairs, store.head(x), store.head(y));
    }
    case "heat":
      return heatCsv(headed(heatmaps()), hourStart, dateOf, zoneName());
    case "histogram":
      return binsCsv(headed(histograms()));
    case "lines":
      return sheetCsv(sheet(store.shown())); // a text has no line
    default:
      return sheetCsv(sheet());
  }
}

/** Have the browser save the file. */
export function download() {
  const address = URL.createObjectURL(new Blob([text()], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  const stamp = new Date(store.data.from).toISOString().slice(0, 19).replace(/[-:]/g, "");
  Object.assign(link, { href: address, download: `telltale-${store.state.view}-${stamp}Z.csv` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
