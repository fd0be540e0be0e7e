/** The last raw messages of a device, or those of none: live, the newest first, each with what was made of it. */
import { html, nothing, repeat } from "lit";
import { Api, pageUrl } from "telltale/api.js";
import { formatCount, formatTime, formatValue } from "telltale/core/format.js";
import { decoderWord, hexRows, merged, plain, position, stateWord, told, tone } from "telltale/core/frames.js";
import { parts, plural, t } from "telltale/core/words.js";
import "telltale/frames/start.js";
import { themes } from "telltale/theme.js";
import { Element } from "telltale/ui/element.js";
import { bar, sessionEnd } from "telltale/ui/head.js";

/** Seconds that one request waits for news. */
const WAIT = 25;
/** ms between two requests: a fast device does not make the page fetch faster. */
const PAUSE = 300;
/** ms until a message that waits for the disk is asked about again. */
const SETTLE = 700;

class FramesPage extends Element {
  #frames = [];
  #number = 0;
  #name = null;
  #known = true;
  #ready = false;
  #paused = false;
  #ended = false;
  #trouble = false;
  #api = new Api(() => {
    this.#ended = true;
    this.soon();
  });

  connectedCallback() {
    super.connectedCallback();
    this.device = this.dataset.device;
    this.path = this.device ? `api/devices/${encodeURIComponent(this.device)}/frames` : "api/frames";
    this.path = new URL(this.path, `${location.origin}/`).href;
    this.on(themes, "change");
    this.#follow();
  }

  async #follow() {
    while (!this.#ended && this.isConnected) {
      if (!this.#paused) await this.#ask();
      const open = this.#frames.some((one) => one.state === "pending");
      await new Promise((done) => {
        setTimeout(done, this.#trouble ? 2_000 : open ? SETTLE : PAUSE);
      });
    }
  }

  async #ask() {
    const after = position(this.#frames, this.#number);
    const wait = this.#ready && !this.#trouble ? WAIT : 0;
    try {
      const answer = await this.#api.get(this.path, [
        ["after", after],
        ["wait", wait],
      ]);
      this.#trouble = false;
      if (this.#paused) return;
      this.#take(answer);
    } catch {
      this.#trouble = true;
    }
    this.soon();
  }

  #take(answer) {
    this.#ready = true;
    this.#name = answer.name ?? null;
    this.#known = answer.known ?? true;
    this.#number = Math.max(this.#number, answer.number);
    this.#frames = merged(this.#frames, answer.frames);
  }

  render() {
    const title = this.device ? (this.#name ?? this.device) : t("Messages of no device");
    return html`<a class="skip" href="#main">${t("Skip to the messages")}</a>
      <div class="top">${bar(title, { beside: this.#badge() })} ${sessionEnd(this.#ended)}</div>
      <main id="main" tabindex="-1" class="data">
        <section aria-labelledby="frames-title">
          <header class="frames-head">
            <h2 id="frames-title">${this.device ? t("Last messages") : t("Unknown topics and broken messages")}</h2>
            <button aria-pressed=${String(this.#paused)} @click=${this.#pause}>
              ${this.#paused ? t("Go on") : t("Pause")}
            </button>
          </header>
          ${this.#about()} ${this.#list()}
        </section>
      </main>`;
  }

  #badge() {
    const [state, word] = this.#ended
      ? ["ended", t("Logged out")]
      : this.#trouble
        ? ["down", t("Server lost")]
        : this.#paused
          ? ["history", t("Paused")]
          : this.#ready
            ? ["live", t("Live")]
            : ["connecting", t("Connecting")];
    return html`<span class="badge" data-state=${state}>${word}</span>`;
  }

  #about() {
    if (!this.device)
      return html`<p class="quiet">
        ${t("What came in and could not be given to a device. Only the newest are kept, in memory.")}
      </p>`;
    return html`<p class="quiet">
      ${parts("As they came in, as {device}. Only the newest are kept, in memory.", {
        device: html`<code>${this.device}</code>`,
      })}
      ${parts("What no device could be found for is {link}.", {
        link: html`<a href=${pageUrl("/frames")}>${t("on a page of its own")}</a>`,
      })}
    </p>`;
  }

  #list() {
    if (!this.#ready) return html`<p class="quiet waiting">${t("Connecting…")}</p>`;
    if (!this.#frames.length && this.device)
      return html`<tt-first-message
        .device=${this.device}
        .known=${this.#known}
        .broker=${JSON.parse(this.dataset.broker)}
      ></tt-first-message>`;
    if (!this.#frames.length)
      return html`<p class="quiet waiting">
        ${t("None. Every message since the server started belonged to a device. A topic that no decoder knows, or a message that is broken, would be shown here with the reason.")}
      </p>`;
    return html`<ol class="frames" aria-live="off">
      ${repeat(
        this.#frames,
        (one) => one.number,
        (one) => html`<li data-tone=${tone(one)} data-state=${one.state}>${this.#frame(one)}</li>`,
      )}
    </ol>`;
  }

  #frame(one) {
    const bytes = plural(one.size, "{n} byte", "{n} bytes");
    const size = one.cut ? `${bytes}, ${t("the beginning is shown")}` : bytes;
    return html`<header>
        <time datetime=${new Date(one.time).toISOString()}>${formatTime(one.time, { milliseconds: true })}</time>
        <code class="where">${one.channel} ${one.where}</code>
        <b class="word">${stateWord(one)}</b>
      </header>
      <pre tabindex="0" aria-label=${t("Message, {size}", { size })} ?data-hex=${one.hex !== undefined}>${one.hex === undefined ? one.text : hexRows(one.hex)}</pre>
      <p class="quiet">${size} · ${decoderWord(one)}</p>
      ${this.#why(one)} ${this.#values(one)}`;
  }

  #why(one) {
    const errors = one.errors ?? [];
    if (one.reason) return html`<p class="why">${one.reason}</p>`;
    if (one.state === "last_known")
      return html`<p class="why">
        ${t("The broker had kept this message: no one knows how old it is. Its values are shown as last known and not stored.")}
      </p>`;
    if (!errors.length) return nothing;
    return html`<ul class="why">
        ${errors.map(
          (error) => html`<li>
            ${plain(error)} <code>${error.code}</code>: ${error.message}${
              error.at ? parts(", at {place}", { place: html`<code>${error.at}</code>` }) : nothing
            }${error.line ? t(", line {line}", error) : nothing}
          </li>`,
        )}
        ${one.more_errors ? html`<li>${plural(one.more_errors, "and {n} more", "and {n} more")}</li>` : nothing}
      </ul>
      <p class="quiet">${told(one)}</p>`;
  }

  #values(one) {
    if (!one.values?.length) return nothing;
    const more = one.readings - one.values.length;
    return html`<dl class="taken">
        ${one.values.map(
          (value) => html`<div>
            <dt>${value.series}</dt>
            <dd>
              ${formatValue(value.value)} ${value.unit ?? ""}
              <span class="quiet">${value.ts === null ? t("no time") : formatTime(value.ts, { milliseconds: true })}</span>
            </dd>
          </div>`,
        )}
      </dl>
      ${more > 0 ? html`<p class="quiet">${plural(more, "and {n} more", "and {n} more")}</p>` : nothing}`;
  }

  #pause() {
    this.#paused = !this.#paused;
    this.soon();
  }
}

customElements.define("tt-frames", FramesPage);
