/** The explore page: what is chosen, over which span, in which view; and the statistics of it. */
import { html, nothing } from "lit";
import { VIEWS, charts, withSeries, withoutSeries } from "telltale/core/explore.js";
import { t } from "telltale/core/words.js";
import { histogramView } from "telltale/explore/bars.js";
import { download } from "telltale/explore/download.js";
import { heatView } from "telltale/explore/heat.js";
import { unitOf } from "telltale/explore/lines.js";
import "telltale/explore/picker.js";
import { correlated, scatterView } from "telltale/explore/scatter.js";
import "telltale/explore/span.js";
import { statisticsTable } from "telltale/explore/stats.js";
import { store } from "telltale/explore/store.js";
import { sheet } from "telltale/explore/table.js";
import { themes } from "telltale/theme.js";
import { Element } from "telltale/ui/element.js";
import { bar, sessionEnd } from "telltale/ui/head.js";
import { icons } from "telltale/ui/icons.js";

/** Series that an empty page offers. */
const OFFERED = 6;

const names = () => ({
  lines: t("Lines"),
  scatter: t("Correlation"),
  heat: t("Hours and days"),
  histogram: t("Histogram"),
  table: t("Table"),
});

class Explore extends Element {
  connectedCallback() {
    super.connectedCallback();
    for (const what of ["state", "read", "ended"]) this.on(store, what);
    this.on(themes, "change");
  }

  render() {
    return html`<a class="skip" href="#main">${t("Skip to the charts")}</a>
      <div class="top">${bar(t("Explore"))} ${sessionEnd(store.ended)}</div>
      <main id="main" tabindex="-1" class="explore">
        <section class="asked" aria-label=${t("What is shown")}>
          <tt-picker></tt-picker>
          ${this.#chosen()}
          <tt-span></tt-span>
        </section>
        ${store.problem ? html`<p class="problem" role="alert">${store.problem}</p>` : nothing}
        ${store.state.series.length ? this.#shown() : this.#empty()}
      </main>`;
  }

  #chosen() {
    const { series, off } = store.state;
    if (!series.length) return nothing;
    return html`<ul class="chosen" aria-label=${t("Series that are shown")}>
      ${series.map(
        (name, i) =>
          html`<li data-off=${off.has(name) || nothing}>
            <button
              aria-pressed=${String(!off.has(name))}
              title=${t("Show or hide")}
              @click=${() => this.#toggle(name)}
            >
              <svg class="swatch" data-series=${i + 1} viewBox="0 0 26 6" aria-hidden="true"><path d="M0 3h26"></path></svg>
              ${store.head(name)}${this.#why(name)}
            </button>
            <button
              class="tool"
              title=${t("Remove")}
              aria-label=${t("Remove {series}", { series: name })}
              @click=${() => store.set(withoutSeries(store.state, name))}
            >
              ${icons.close}
            </button>
          </li>`,
      )}
    </ul>`;
  }

  /** Why a series has no line. */
  #why(name) {
    const rows = store.data?.rows.get(name);
    if (!rows || store.stretch(name)) return nothing;
    if (rows.t.length) return html` <span class="quiet">${t("text: see the table")}</span>`;
    if (store.known && !store.known.has(name)) return html` <span class="quiet">${t("there is no such series")}</span>`;
    return html` <span class="quiet">${t("no readings here")}</span>`;
  }

  #toggle(name) {
    const off = new Set(store.state.off);
    if (!off.delete(name)) off.add(name);
    store.set({ off }, false);
  }

  #shown() {
    const { view } = store.state;
    return html`<section class="views" aria-labelledby="views-title" aria-busy=${String(store.busy)}>
        <h2 id="views-title" class="offstage">${t("Charts")}</h2>
        <header>
          <div role="tablist" aria-label=${t("View")} @keydown=${this.#tabs}>
            ${VIEWS.map(
              (one) =>
                html`<button
                  role="tab"
                  id="tab-${one}"
                  aria-selected=${String(one === view)}
                  aria-controls="view"
                  tabindex=${one === view ? 0 : -1}
                  @click=${() => store.set({ view: one })}
                >
                  ${names()[one]}
                </button>`,
            )}
          </div>
          <button ?disabled=${!this.#some()} @click=${download}>${t("CSV of this")}</button>
        </header>
        <div id="view" role="tabpanel" aria-labelledby="tab-${view}">${this.#view()}</div>
      </section>
      ${store.data ? statisticsTable() : nothing}`;
  }

  /** Whether there is something to save. */
  #some() {
    if (!store.data) return false;
    if (store.state.view === "scatter") return correlated() !== null;
    return store.state.view === "table" ? sheet().length > 0 : store.shown().length > 0;
  }

  #view() {
    const { view } = store.state;
    if (!store.data) return html`<p class="quiet waiting">${store.busy ? t("Reading…") : ""}</p>`;
    if (view === "scatter") return scatterView();
    if (view === "table") return html`<tt-sheet .sheet=${sheet()}></tt-sheet>`;
    const shown = store.shown();
    if (!shown.length) return this.#nothing();
    if (view === "heat") return heatView();
    if (view === "histogram") return histogramView();
    return charts(shown, unitOf).map((group) => html`<tt-lines .names=${group} .data=${store.data}></tt-lines>`);
  }

  /** No numbers in this span: where there are some. */
  #nothing() {
    const lasts = store.state.series.map((name) => store.known?.get(name)).filter((one) => one?.last);
    const newest = lasts.sort((a, b) => b.last - a.last)[0];
    return html`<div class="waiting">
      <p class="quiet">${t("No numbers in this span.")}</p>
      ${
        newest
          ? html`<p>
              <button @click=${() => store.zoom(Math.max(newest.first, newest.last - 86_400_000), newest.last + 1_000)}>
                ${t("Show the last day that has some")}
              </button>
            </p>`
          : nothing
      }
    </div>`;
  }

  #tabs(event) {
    const at = VIEWS.indexOf(store.state.view);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: VIEWS.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const view = VIEWS[(to + VIEWS.length) % VIEWS.length];
    store.set({ view });
    this.querySelector(`#tab-${view}`).focus();
  }

  #empty() {
    const all = [...(store.known?.values() ?? [])].filter((one) => one.kind !== "text" && one.count);
    const some = all.sort((a, b) => b.last - a.last || b.count - a.count).slice(0, OFFERED);
    return html`<section class="empty">
      <h2>${t("Ask your readings something")}</h2>
      <ol>
        <li>${t("Choose up to six series above: type a part of a name, arrows and Enter choose. The key / goes there.")}</li>
        <li>${t("Choose a span: a button, or words such as now-6h and 2026-11-21 10:00. Drag across a chart to look closer; the back button of the browser undoes it.")}</li>
        <li>${t("Look at them as lines, one against the other, by hour and day, by how often which value occurs, or as a table. Each is one click, and a CSV file of it another.")}</li>
      </ol>
      <p class="quiet">${t("All of it is in the address: a copy of it shows others the same.")}</p>
      ${
        some.length
          ? html`<h3>${t("For a start")}</h3>
              <p class="offers">
                ${some.map((one) => html`<button @click=${() => store.set(withSeries(store.state, one.series))}>${one.series}</button>`)}
              </p>`
          : html`<p class="quiet">${store.known ? t("There is no series yet: the dashboard tells how a device sends its first reading.") : t("Connecting…")}</p>`
      }
    </section>`;
  }
}

customElements.define("tt-explore", Explore);
