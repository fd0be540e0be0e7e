/** What is said of a device beside its name: whether it is there, whether its clock is right, what is only last known. */
import { html, nothing } from "lit";
import { model } from "telltale/context.js";
import { formatLabel, formatMoment, formatValue } from "telltale/core/format.js";
import { label, lastKnown } from "telltale/core/inventory.js";
import { t } from "telltale/core/words.js";
import { icons } from "telltale/ui/icons.js";

/** Online, or offline and since when; without a connection, what it was. */
export function presence({ state, since }) {
  const live = model.connection === "live";
  if (state !== "offline")
    return html`<span class="chip" data-state="online">${live ? t("online") : t("was online")}</span>`;
  const moment = since ? formatMoment(since, model.clock.now()) : null;
  const text = moment ? t("offline since {time}", { time: moment }) : t("offline");
  return html`<span class="chip" data-state="offline">${icons.unplugged}${text}</span>`;
}

/** That its clock is wrong, if it is. */
export function clockNote({ clock }) {
  if (!clock) return nothing;
  const said = new Date(clock.said);
  const time = Number.isNaN(said.getTime()) ? clock.said : said.toISOString().slice(0, 19).replace("T", " ");
  return html`<p class="clock-wrong">
    ${icons.warning}${t("Its clock is wrong: it said {time} UTC. Its readings have the time of their arrival.", { time })}
  </p>`;
}

/** Values that a broker had kept: no one knows how old they are, and none is a reading. `matches(...names)` filters. */
export function lastKnownList(device, matches) {
  const known = lastKnown(device).filter(([metric]) => matches(label(device), device.id, metric, formatLabel(metric)));
  if (!known.length) return nothing;
  const now = model.clock.now();
  return html`<dl class="last-known" aria-label=${t("Last known values")}>
    ${known.map(
      ([metric, { value, unit, ts }]) => html`<div>
        <dt>${formatLabel(metric)}</dt>
        <dd>
          ${formatValue(value)} ${unit ?? ""}
          <span
            >${ts === null ? t("last known, age unknown") : t("last known, from {time}", { time: formatMoment(ts, now) })}</span
          >
        </dd>
      </div>`,
    )}
  </dl>`;
}
