/** The span of time: presets, from and to in words of time, earlier, later, wider; and when it was read. */
import { html } from "lit";
import { formatMoment } from "telltale/core/format.js";
import { t } from "telltale/core/words.js";
import { wall, zoneName } from "telltale/core/zone.js";
import { store } from "telltale/explore/store.js";
import { Element } from "telltale/ui/element.js";
import { printed } from "telltale/ui/print.js";

printed(() => {
  if (!store.data) return "";
  const { from, to } = store.data;
  return `${formatMoment(from, 0)} – ${formatMoment(to, 0)}`;
});

const PRESETS = ["1h", "6h", "24h", "7d", "30d", "365d"];

class Span extends Element {
  #wrong = "";

  connectedCallback() {
    super.connectedCallback();
    this.on(store, "state", () => {
      this.#wrong = "";
      this.soon();
    });
    this.on(store, "read");
  }

  render() {
    const [from, to] = [store.state.from, store.state.to].map(readable);
    return html`<div class="ranges" role="group" aria-label=${t("Time range")}>
        ${PRESETS.map((name) => this.#preset(name))}
      </div>
      <form class="between" @submit=${this.#submit}>
        <label><span>${t("From")}</span><input name="from" .value=${from} spellcheck="false" autocomplete="off" aria-describedby="span-grammar" /></label>
        <label><span>${t("To")}</span><input name="to" .value=${to} spellcheck="false" autocomplete="off" aria-describedby="span-grammar" /></label>
        <button>${t("Show")}</button>
      </form>
      <div class="moves" role="group" aria-label=${t("Move the range")}>
        ${this.#move(t("Earlier"), "‹", (a, b) => [a - (b - a) / 2, b - (b - a) / 2])}
        ${this.#move(t("Wider"), "−", (a, b) => [a - (b - a) / 2, b + (b - a) / 2])}
        ${this.#move(t("Later"), "›", (a, b) => [a + (b - a) / 2, b + (b - a) / 2])}
      </div>
      <p id="span-grammar" class="quiet">
        ${this.#wrong ? html`<span class="problem" role="alert">${this.#wrong}</span>` : this.#told()}
      </p>`;
  }

  #preset(name) {
    const from = `now-${name}`;
    const pressed = store.state.from === from && store.state.to === "now";
    return html`<button aria-pressed=${String(pressed)} @click=${() => store.set({ from, to: "now" })}>
      ${name}
    </button>`;
  }

  #move(name, sign, change) {
    const move = () => {
      const { from, to } = store.data;
      const [begin, end] = change(from, to);
      store.zoom(begin, end);
    };
    return html`<button class="tool" title=${name} aria-label=${name} ?disabled=${!store.data} @click=${move}>${sign}</button>`;
  }

  #told() {
    const { data, busy } = store;
    if (busy) return t("Reading…");
    const zone = zoneName();
    if (!data) return t("Times such as now-6h, 2026-11-21 10:00 ({zone}) or ms since 1970.", { zone });
    const [from, to] = [data.from, data.to].map((one) => formatMoment(one, 0));
    const span = t("{from} – {to} ({zone}).", { from, to, zone });
    if (!store.relative) return span;
    return html`${span} ${t("Read at {time}, not live.", { time: formatMoment(data.now, data.now) })}
      <button class="link" @click=${() => store.read()}>${t("Read again")}</button>`;
  }

  #submit(event) {
    event.preventDefault();
    const { from, to } = Object.fromEntries(new FormData(event.target));
    const { problem } = store.span(from, to, store.data?.now ?? Date.now());
    const said = {
      from: t("The beginning is no time: write now-6h, 2026-11-21 10:00 or ms since 1970."),
      to: t("The end is no time: write now, now-1h, 2026-11-21 10:00 or ms since 1970."),
      order: t("The end must be after the beginning."),
    };
    this.#wrong = said[problem] ?? "";
    if (problem) this.soon();
    else store.set({ from: store.lasting(from), to: store.lasting(to || "now") });
  }
}

/** A fixed time as the field shows it: by the clocks of the zone. */
function readable(text) {
  return store.fixed(text) ? wall(Date.parse(text)).toISOString().slice(0, 19).replace("T", " ") : text;
}

customElements.define("tt-span", Span);
