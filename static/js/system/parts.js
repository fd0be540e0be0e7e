/** The sections of the page of the system, as templates of what the server said. */
import { html, nothing, svg } from "lit";
import { pageUrl } from "telltale/api.js";
import { lostOnes, note, stateOf } from "telltale/core/brokers.js";
import { forecast, formatBytes, usage } from "telltale/core/storage.js";
import * as words from "telltale/core/system.js";
import { t } from "telltale/core/words.js";
import { icons } from "telltale/ui/icons.js";

/** Steps of history that fill the chart: ten minutes. */
const SLOTS = 120;
const [WIDTH, HEIGHT] = [600, 110];
const YEAR = 365;

const section = (id, title, body, wide = false) =>
  html`<section aria-labelledby="${id}-title" id=${id} ?data-wide=${wide}>
    <h2 id="${id}-title">${title}</h2>
    ${body}
  </section>`;

const figures = (rows) => html`<dl class="figures">
  ${rows.map(
    ([name, text, about]) => html`<div>
      <dt>${name}</dt>
      <dd>${text}</dd>
      <dd class="quiet">${about}</dd>
    </div>`,
  )}
</dl>`;

const table = (label, columns, rows) => html`<div class="scroll" tabindex="0" role="region" aria-label=${label}>
  <table>
    <thead>
      <tr>
        ${columns.map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>
</div>`;

const mark = (state, text) => html`<span class="mark-of" data-state=${state}>${SIGNS[state]}<span>${text}</span></span>`;
const SIGNS = { good: icons.check, warn: icons.warning, bad: icons.warning, quiet: nothing };

/** How all of it is, on top of the page. */
export const verdict = (system) =>
  html`<ul class="verdict" aria-label=${t("How the server is")}>
    ${words.verdict(system).map(({ state, text }) => html`<li data-state=${state}>${mark(state, text)}</li>`)}
  </ul>`;

export const ingest = (system) =>
  section(
    "ingest",
    t("Ingest"),
    html`${flow(system)} ${figures(words.ingest(system))}
      <p class="quiet">${t("Rates are those of the last minute.")}</p>`,
    true,
  );

function flow({ history: { received, refused }, rates }) {
  const all = words.outline(received, SLOTS, WIDTH, HEIGHT);
  const { top } = all;
  // on the scale of what is received: what is refused is a part of it
  const bad = words.outline(refused, SLOTS, WIDTH, HEIGHT, top);
  const said = { now: words.formatRate(rates.received), most: words.formatRate(Math.max(0, ...received)) };
  const none = refused.every((one) => one === 0);
  return html`<figure class="flow">
    <figcaption>
      <span class="flow-name" data-of="received">${t("Readings a second")}</span>
      ${none ? nothing : html`<span class="flow-name" data-of="refused">${t("of these refused")}</span>`}
      <span class="quiet">${t("the last 10 minutes")}</span>
    </figcaption>
    <div class="flow-box">
      <span class="flow-top" aria-hidden="true">${words.formatRate(top)}</span>
      <svg
        viewBox="0 0 ${WIDTH} ${HEIGHT}"
        preserveAspectRatio="none"
        role="img"
        aria-label=${t("Readings in the last 10 minutes: lately {now}, at most {most}", said)}
      >
        ${svg`<path class="grid" d="M0 .5H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}"></path>
          <path class="area" d=${all.area}></path>
          <path class="line" d=${all.path}></path>
          ${none ? nothing : svg`<path class="line" data-of="refused" d=${bad.path}></path>`}`}
      </svg>
    </div>
    <p class="flow-ends quiet" aria-hidden="true"><span>${t("10 minutes ago")}</span><span>${t("now")}</span></p>
  </figure>`;
}

export function refused(system) {
  const found = words.refusals(system);
  const columns = [t("Why"), t("Readings"), t("Lately")];
  const rows = found.map(
    ([reason, text, n, lately]) =>
      html`<tr>
        <td>${text} <code>${reason}</code></td>
        <td class="count">${n}</td>
        <td>${lately}</td>
      </tr>`,
  );
  const body = found.length
    ? table(t("What was refused in this run"), columns, rows)
    : html`<p class="quiet">${t("Nothing was refused in this run.")}</p>`;
  const { wrong, devices } = system.clock;
  return section(
    "refused",
    t("Refused"),
    html`${body}
    ${
      wrong
        ? html`<p class="warn">${icons.clock}${t("Devices whose clock is wrong: {devices}", { devices: devices.join(", ") })}</p>`
        : nothing
    }`,
  );
}

export function browsers(system) {
  const columns = [t("Who"), t("How"), t("Since"), t("State"), t("Skipped")];
  const rows = system.watchers.map((one) => {
    const said = words.watcher(one, system.time);
    return html`<tr data-slow=${said.slow ? "" : nothing}>
      <td>${said.who} <span class="quiet">${said.address}</span></td>
      <td>${said.how}</td>
      <td>${said.since}</td>
      <td>${mark(said.slow ? "warn" : "good", said.lag)}</td>
      <td class="count">${said.skipped}</td>
    </tr>`;
  });
  return section(
    "browsers",
    t("Browsers and programs that watch"),
    html`${figures(words.delivery(system))}
    ${rows.length ? table(t("Who watches, the slowest first"), columns, rows) : html`<p class="quiet">${t("No one watches live now.")}</p>`}`,
    true,
  );
}

export const machine = (system) => section("machine", t("Machine"), figures(words.machine(system)));
export const versions = (system) => section("versions", t("Versions"), figures(words.versions(system)));

export function storage(found, problem, now) {
  if (problem)
    return section("storage", t("Storage"), html`<p class="problem">${t("What is stored cannot be read now: {reason}", { reason: problem })}</p>`);
  if (!found) return nothing;
  const room = usage(found);
  const { written_bytes_per_day: day, stored_bytes_per_day: growth } = found.rates;
  const rate = (bytes) => (bytes === null ? t("not known yet") : t("{size} a day", { size: formatBytes(bytes) }));
  const year = (bytes) => (bytes === null ? t("the forecast needs some hours of readings") : t("{size} a year", { size: formatBytes(bytes * YEAR) }));
  return section(
    "storage",
    t("Storage"),
    html`<p>
        <label class="room"
          ><span>${room.text}</span><meter min="0" max="1" high="0.9" value=${room.share}>${room.text}</meter></label
        >
      </p>
      <p class=${room.tight ? "warn" : ""}>${forecast(found, now)}</p>
      ${figures([
        [t("Growing"), rate(growth), year(growth)],
        [t("Written to the card"), rate(day), day === null ? year(day) : t("{size} a year; this is what wears it", { size: formatBytes(day * YEAR) })],
      ])}
      <p><a href=${pageUrl("data")}>${t("Storage, backups and retention in full")}</a></p>`,
  );
}

export function brokers(list, now) {
  if (!list) return nothing;
  const lost = new Map(lostOnes(list, now).map((one) => [one, note(one, now)]));
  return section(
    "mqtt",
    "MQTT",
    list.length
      ? html`${list.map((one) => {
            const { state, text } = stateOf(one, now);
            const sign = { connected: "good", lost: "bad", connecting: "quiet" }[state];
            const [, why] = lost.get(one) ?? [];
            return html`<p class="peer"><strong>${one.broker}</strong> ${mark(sign, text)}</p>
              ${why ? html`<p class="problem">${why} ${t("Devices behind it are not heard.")}</p>` : nothing}`;
          })}
          <p><a href="${pageUrl("data")}#brokers">${t("What came from each broker")}</a></p>`
      : html`<p class="quiet">${t("No broker is set. Devices that speak MQTT need one: [mqtt] url in config.ini.")}</p>`,
  );
}

export function pollers(list) {
  if (!list?.length) return nothing;
  const columns = [t("Device"), t("State"), t("Answers"), t("Failures")];
  const rows = list.map((one) => {
    const said = words.poller(one);
    return html`<tr>
      <td><code>${one.target}</code></td>
      <td>${mark(said.state, said.text)}</td>
      <td class="count">${said.answers}</td>
      <td class="count">${said.failures}</td>
    </tr>`;
  });
  return section("pollers", t("Devices that are asked"), table(t("Devices that are asked, and how they fare"), columns, rows), true);
}

/** Ways to what programs read. */
export const links = () =>
  section(
    "elsewhere",
    t("For programs"),
    html`<ul class="ways">
      <li><a href=${pageUrl("metrics")}><code>/metrics</code></a> ${t("counters for Prometheus")}</li>
      <li><a href=${pageUrl("api/system")}><code>/api/system</code></a> ${t("what this page shows, as JSON")}</li>
      <li><a href=${pageUrl("api/openapi.json")}><code>/api/openapi.json</code></a> ${t("everything that can be asked")}</li>
      <li><a href=${pageUrl("healthz")}><code>/healthz</code></a> ${t("whether the server can do its work")}</li>
      <li><a href=${pageUrl("frames")}><code>/frames</code></a> ${t("the last messages that belong to no device")}</li>
    </ul>`,
  );
