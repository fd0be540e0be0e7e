/** A series by hour and day: a column a day, a row an hour of the clock, the mean as colour. */
import { html } from "lit";
import { formatCount, formatDay, formatNumber } from "telltale/core/format.js";
import { extent, heatmap } from "telltale/core/heatmap.js";
import { plural, t } from "telltale/core/words.js";
import { fromWall, offsetAt, wall, zoneName } from "telltale/core/zone.js";
import { Figure } from "telltale/explore/figure.js";
import { store } from "telltale/explore/store.js";
import { colour } from "telltale/theme.js";

const HOUR = 3_600_000;
const MARGIN = { left: 44, right: 8, top: 4, bottom: 44 };
/** Colours of the scale. */
const SHADES = 64;

/** When the hour of a cell begins; where clocks show it twice, the first. */
export const hourStart = (day, hour) => fromWall(day.start + offsetAt(day.start) + hour * HOUR);
/** The date of a day: 2026-11-21. */
export const dateOf = (day) => wall(day.start).toISOString().slice(0, 10);
const two = (number) => String(number).padStart(2, "0");
const span = (hour) => `${two(hour)}:00–${two((hour + 1) % 24)}:00`;

class Heat extends Figure {
  static properties = { name: {}, days: { attribute: false } };

  willUpdate(changed) {
    if (!changed.has("days")) return;
    this.at = null;
    this.extent = extent(this.days);
  }

  get title() {
    return t("{series} by hour and day", { series: store.head(this.name) });
  }

  get count() {
    return this.days.length * 24;
  }

  get summary() {
    if (!this.extent) return t("No readings.");
    const [low, high] = [this.extent.min, this.extent.max].map(formatNumber);
    const days = plural(this.days.length, "{n} day", "{n} days");
    return t("{days} ({zone}), hourly means from {low} to {high}.", { days, zone: zoneName(), low, high });
  }

  told(i) {
    const [day, hour] = [this.days[Math.floor(i / 24)], i % 24];
    const cell = day.hours[hour];
    const about = cell?.skipped
      ? t("clocks skip this hour")
      : cell
        ? t("mean {mean}, {min} to {max}, {count} readings", {
            ...{ mean: formatNumber(cell.mean), min: formatNumber(cell.min), max: formatNumber(cell.max) },
            count: formatCount(cell.count),
          })
        : t("no readings");
    const twice = day.end - day.start > 24 * HOUR && this.#twice(day, hour) ? ` ${t("(clocks show this hour twice)")}` : "";
    return html`<b>${formatDay(day.start)}, ${span(hour)}</b> ${about}${twice}`;
  }

  #twice(day, hour) {
    const start = hourStart(day, hour);
    return Math.floor((start + HOUR + offsetAt(start + HOUR)) / HOUR) === Math.floor((start + offsetAt(start)) / HOUR);
  }

  next(at, key) {
    if (at === null) return 0;
    const step = { ArrowRight: 24, ArrowLeft: -24, ArrowDown: 1, ArrowUp: -1 }[key];
    return at + step >= 0 && at + step < this.count ? at + step : at;
  }

  #box(width, height) {
    const wide = (width - MARGIN.left - MARGIN.right) / this.days.length;
    return { wide: Math.min(wide, 220), high: (height - MARGIN.top - MARGIN.bottom) / 24 };
  }

  draw(pen, width, height) {
    const { wide, high } = this.#box(width, height);
    const shades = scale();
    const { min = 0, max = 0 } = this.extent ?? {};
    const gap = wide > 5 ? 1 : 0;
    this.days.forEach(({ hours }, column) =>
      hours.forEach((cell, hour) => {
        const [x, y] = [MARGIN.left + column * wide, MARGIN.top + hour * high];
        if (cell?.skipped) return hatch(pen, x, y, wide - gap, high - 1);
        pen.fillStyle = cell ? shades[shade(cell.mean, min, max)] : colour("--card");
        return pen.fillRect(x, y, Math.max(wide - gap, 0.75), high - 1);
      }),
    );
    if (this.at !== null) {
      pen.strokeStyle = colour("--ink");
      pen.lineWidth = 2;
      pen.strokeRect(MARGIN.left + Math.floor(this.at / 24) * wide, MARGIN.top + (this.at % 24) * high, wide - gap, high - 1);
    }
    pen.fillStyle = colour("--ink-3");
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (let hour = 0; hour < 24; hour += high > 13 ? 2 : 6) pen.fillText(`${two(hour)}:00`, MARGIN.left - 6, MARGIN.top + (hour + 0.5) * high);
    this.#dates(pen, wide, MARGIN.top + 24 * high);
    this.#legend(pen, width, height, shades, min, max);
  }

  #dates(pen, wide, top) {
    const every = Math.ceil(84 / wide);
    pen.textAlign = "left";
    pen.textBaseline = "top";
    this.days.forEach((day, i) => {
      if (i % every === 0 && MARGIN.left + i * wide + 70 < pen.canvas.clientWidth) pen.fillText(dateOf(day), MARGIN.left + i * wide, top + 4);
    });
  }

  #legend(pen, width, height, shades, min, max) {
    const [left, wide, top] = [MARGIN.left, Math.min(160, width / 3), height - 14];
    if (!this.extent) return;
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    const low = formatNumber(min);
    pen.fillText(low, left, top + 6);
    const begin = left + pen.measureText(low).width + 6;
    shades.forEach((one, i) => {
      pen.fillStyle = one;
      pen.fillRect(begin + (i * wide) / SHADES, top, wide / SHADES + 0.5, 12);
    });
    pen.fillStyle = colour("--ink-3");
    pen.fillText(`${formatNumber(max)} ${store.about(this.name).unit ?? ""}`, begin + wide + 6, top + 6);
  }

  hit(left, top) {
    const { width, height } = this.querySelector(".plot").getBoundingClientRect();
    const { wide, high } = this.#box(width, height);
    const [column, hour] = [Math.floor((left - MARGIN.left) / wide), Math.floor((top - MARGIN.top) / high)];
    return column >= 0 && column < this.days.length && hour >= 0 && hour < 24 ? column * 24 + hour : null;
  }

  table() {
    const rows = this.days.map((day) => [
      dateOf(day),
      ...day.hours.map((cell) => (cell?.skipped ? "×" : cell ? formatNumber(cell.mean) : "")),
    ]);
    return { heads: [t("Day"), ...Array.from({ length: 24 }, (_, hour) => two(hour))], rows };
  }
}

const shade = (value, min, max) => (max > min ? Math.round(((value - min) / (max - min)) * (SHADES - 1)) : SHADES >> 1);

/** The colours from --heat-low over --heat-middle to --heat-high. */
function scale() {
  const stops = ["--heat-low", "--heat-middle", "--heat-high"].map((name) => colour(name).match(/[\d.]+/g).slice(0, 3).map(Number));
  return Array.from({ length: SHADES }, (_, i) => {
    const at = (i / (SHADES - 1)) * 2;
    const [a, b] = at < 1 ? [stops[0], stops[1]] : [stops[1], stops[2]];
    const mixed = a.map((one, k) => Math.round(one + (b[k] - one) * (at < 1 ? at : at - 1)));
    return `rgb(${mixed.join(",")})`;
  });
}

function hatch(pen, x, y, width, height) {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, width, height);
  pen.clip();
  pen.strokeStyle = colour("--edge");
  pen.lineWidth = 1;
  pen.beginPath();
  for (let at = -height; at < width; at += 5) {
    pen.moveTo(x + at, y + height);
    pen.lineTo(x + at + height, y);
  }
  pen.stroke();
  pen.restore();
}

customElements.define("tt-heat", Heat);

/** The heat maps that are shown: [{name, days}]. */
export function heatmaps() {
  const fine = store.shown().filter((name) => store.stretch(name).resolution <= HOUR);
  return fine.map((name) => ({ name, days: heatmap(store.stretch(name), store.data.from, store.end) }));
}

export function heatView() {
  const coarse = store.shown().filter((name) => store.stretch(name).resolution > HOUR);
  return html`${heatmaps().map(({ name, days }) => html`<tt-heat name=${name} .days=${days}></tt-heat>`)}
    ${coarse.map((name) => html`<p class="quiet waiting">${t("{series}: the span is so long that its means are longer than an hour. Choose a shorter one.", { series: name })}</p>`)}`;
}
