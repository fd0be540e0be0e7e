/** How to send the first readings to this very server: addresses and snippets to copy. */
import { html } from "lit";
import { copy } from "telltale/copy.js";
import { t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";

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

  render() {
    return html`<p class="address">${t("This server is")} <code>${HTTP}</code></p>
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
