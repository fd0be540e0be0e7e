/** The newest changes of a text series, as a list. */
import { html } from "lit";
import { model } from "telltale/context.js";
import { changes } from "telltale/core/changes.js";
import { formatMoment } from "telltale/core/format.js";
import { staleAfter } from "telltale/core/interval.js";
import { stretchOf } from "telltale/core/view.js";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";
import { unwatch, watch } from "telltale/visible.js";

/** A device's clock may be this far ahead (ms). */
const AHEAD = 600_000;

class Changes extends Element {
  static properties = { series: { attribute: false } };

  connectedCallback() {
    super.connectedCallback();
    watch(this);
    this.until(() => {
      unwatch(this);
      this.seen(false);
    });
    this.until(model.watch(this.series, this.soon));
    this.on(model, "view");
  }

  /** What is listed from: [ts[], text[]] in ms. */
  get columns() {
    const { columns } = stretchOf(this.series, model.view);
    return [Array.from(columns.t), Array.from(columns.v)];
  }

  seen(near) {
    if (near) model.loader.show(this.series);
    else model.loader.hide(this.series);
  }

  render() {
    const now = model.clock.now();
    const { from, to } = model.view.span(now);
    const [times, texts] = this.columns;
    const shown = changes(times, texts, { from, to: to + AHEAD, edge: staleAfter(this.series.main.interval) });
    if (!shown.length) return html`<p class="quiet">${t("no reading in this span")}</p>`;
    return html`<ol>
      ${shown.map(([time, text]) => row(time === null ? t("before") : formatMoment(time, now), text))}
    </ol>`;
  }
}

const row = (when, text) => html`<li><time>${when}</time> <span>${text}</span></li>`;

customElements.define("tt-changes", Changes);
