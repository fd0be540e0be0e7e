/** How often which values of a series occur. */
import { html } from "lit";
import { formatCount, formatNumber } from "telltale/core/format.js";
import { histogram } from "telltale/core/histogram.js";
import { ticks } from "telltale/core/ticks.js";
import { plural, t } from "telltale/core/words.js";
import { Figure, axis } from "telltale/explore/figure.js";
import { store } from "telltale/explore/store.js";
import { colour } from "telltale/theme.js";

const MARGIN = { left: 62, right: 14, top: 12, bottom: 26 };

class Bars extends Figure {
  static properties = { name: {}, colour: {}, found: { attribute: false } };

  willUpdate(changed) {
    if (changed.has("found")) this.at = null;
  }

  get title() {
    return store.head(this.name);
  }

  get count() {
    return this.found.bins.length;
  }

  get summary() {
    const { total, bins, exact } = this.found;
    const most = bins.reduce((best, bin) => (bin.count > best.count ? bin : best));
    const values = { from: formatNumber(most.from), to: formatNumber(most.to), share: this.#share(most) };
    const text = plural(total, "{n} reading.", "{n} readings.");
    const where = t("The fullest bin is {from} to {to} ({share}).", values);
    return `${text} ${where}${exact ? "" : ` ${t("Counted by the means of buckets.")}`}`;
  }

  #share({ count }) {
    return `${((100 * count) / this.found.total).toFixed(1)} %`;
  }

  told(i) {
    const bin = this.found.bins[i];
    const readings = plural(bin.count, "{n} reading.", "{n} readings.").replace(/\.$/, "");
    return html`<b>${formatNumber(bin.from)} – ${formatNumber(bin.to)}</b> ${readings}, ${this.#share(bin)}`;
  }

  #scales(width, height) {
    const { bins } = this.found;
    const box = { left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom };
    const single = bins[0].from === bins.at(-1).to;
    const [min, max] = single ? [bins[0].from - 1, bins[0].from + 1] : [bins[0].from, bins.at(-1).to];
    const most = 1.06 * Math.max(...bins.map((bin) => bin.count));
    const x = (value) => box.left + ((value - min) / (max - min)) * (box.right - box.left);
    const y = (count) => box.bottom - (count / most) * (box.bottom - box.top);
    const edges = (bin) => (single ? [x(min) + 20, x(max) - 20] : [x(bin.from), x(bin.to)]);
    return { box, min, max, most, x, y, edges };
  }

  draw(pen, width, height) {
    const { box, min, max, most, x, y, edges } = this.#scales(width, height);
    axis(pen, ticks(0, most, (box.bottom - box.top) / 44).filter(Number.isInteger), { place: y, label: formatCount, box });
    axis(pen, ticks(min, max, (box.right - box.left) / 80), { place: x, label: formatNumber, box, below: true });
    this.found.bins.forEach((bin, i) => {
      const [left, right] = edges(bin);
      pen.fillStyle = colour(i === this.at ? "--ink" : `--series-${this.colour}`);
      const top = bin.count ? Math.min(y(bin.count), box.bottom - 1.5) : box.bottom;
      pen.fillRect(left + 0.5, top, Math.max(1, right - left - 1), box.bottom - top);
    });
  }

  hit(left) {
    const { width, height } = this.querySelector(".plot").getBoundingClientRect();
    const { edges } = this.#scales(width, height);
    const at = this.found.bins.findIndex((bin) => left >= edges(bin)[0] && left < edges(bin)[1]);
    return at < 0 ? null : at;
  }

  table() {
    const rows = this.found.bins.map((bin) => [
      `${formatNumber(bin.from)} – ${formatNumber(bin.to)}`,
      formatCount(bin.count),
      this.#share(bin),
    ]);
    return { heads: [store.head(this.name), t("Readings"), t("Share")], rows };
  }
}

customElements.define("tt-bars", Bars);

/** The histograms that are shown: [{name, ...histogram}]. */
export const histograms = () => store.shown().map((name) => ({ name, ...histogram(store.stretch(name)) }));

export function histogramView() {
  return histograms().map(
    (found) => html`<tt-bars name=${found.name} colour=${store.state.series.indexOf(found.name) + 1} .found=${found}></tt-bars>`,
  );
}
