/** How to send the first readings to this very server: addresses and snippets to copy. */
import { html, nothing } from "lit";
import { pageUrl } from "telltale/api.js";
import { me, model } from "telltale/context.js";
import { copy } from "telltale/copy.js";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";
import { qr } from "telltale/ui/qr.js";

const HTTP = location.origin;
const SOCKET = HTTP.replace("http", "ws");

const PYTHON = `# pip install websockets
import json, random
from websockets.sync.client import connect

with connect("${SOCKET}/ws/device?device=my-sensor") as socket:
    while True:
        socket.send(json.dumps({"temperature": round(random.gauss(21, 1), 2)}))
        try:
            print(socket.recv(timeout=2))  # once accepted: your token, keep it
        except TimeoutError:
            pass
`;

const CURL = `python server.py device add my-sensor   # prints a TOKEN, once

curl ${HTTP}/api/ingest \\
  -H "Authorization: Bearer TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"temperature": 21.5, "heater": true}'
`;

class Start extends Element {
  #copied = new Map();
  #code = nothing;

  connectedCallback() {
    super.connectedCallback();
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((one) => one.isIntersecting)) return;
      seen.disconnect();
      this.#draw();
    });
    seen.observe(this);
    this.until(() => seen.disconnect());
  }

  /** The code for phones; an operator's has the address of this server on the network, where the page has a local one. */
  async #draw() {
    let url = HTTP;
    if (me.operator) {
      const answer = await model.api.get("api/devices/arrivals").catch(() => null);
      url = answer?.urls[0] ?? HTTP;
    }
    const about = t("QR code of {url}", { url });
    this.#code = html`<figure class="open-on-phone">
      ${await qr(url, about)}
      <figcaption class="quiet">${t("Open it on a phone: {url}", { url })}</figcaption>
    </figure>`;
    this.requestUpdate();
  }

  render() {
    return html`<p class="address">${t("This server is")} <code>${HTTP}</code></p>
      ${
        me.operator
          ? html`<p>
              <a class="button" href=${pageUrl("/devices")}#add>${icons.plus}${t("Add a device and get its code")}</a>
            </p>`
          : nothing
      }
      ${this.#code}
      <h3>${t("Let a device knock")}</h3>
      <p>${t("Connect with any id. It shows up on this page with what it says, and starts for real when you accept it.")}</p>
      ${this.#snippet(t("Python over a WebSocket"), PYTHON)}
      <h3>${t("Or give it a token first")}</h3>
      <p>${t("Add it on the server's command line; then plain HTTP will do.")}</p>
      ${this.#snippet("curl", CURL)}
      <p class="quiet">${t("Each metric that a device names gets its card here by itself, without a reload.")}</p>`;
  }

  #snippet(name, text) {
    return html`<figure class="snippet">
      <figcaption>
        <span>${name}</span><span role="status">${this.#copied.get(name) ?? ""}</span
        ><button @click=${() => this.#copy(name, text)}>${t("Copy")}</button>
      </figcaption>
      <pre tabindex="0" aria-label=${t("{name} example", { name })}><code>${text}</code></pre>
    </figure>`;
  }

  async #copy(name, text) {
    this.#copied.set(name, await copy(text));
    this.requestUpdate();
  }
}

customElements.define("tt-start", Start);
