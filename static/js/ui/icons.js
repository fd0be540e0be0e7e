/** The icons of the page, as inline SVG. */
import { html } from "lit";

const path = (d) => html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${d}></path></svg>`;

export const icons = {
  theme: path("M8 1.5a6.5 6.5 0 1 0 0 13zM8 1.5a6.5 6.5 0 0 1 0 13"),
  search: path("M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7 14.5 14.5"),
  plus: path("M8 2.5v11M2.5 8h11"),
  warning: path("M8 2 1.5 13.5h13zM8 6.5v3.2M8 11.6v.2"),
  check: path("M2.5 8.5 6 12l7.5-8"),
  lost: path("M2.5 2.5h11v4.5h-11zM5 4.8h.1M2.5 13.5V10H8M10.5 10.5l4 4M14.5 10.5l-4 4"),
  unplugged: path("M2 2l12 12M4.5 5.5v2.7a3.5 3.5 0 0 0 5.7 2.7M11.5 8.3V5.5h-4M6 2v2M10 2v3.5M8 11.5V14"),
  leave: path("M6.5 2.5h-4v11h4M6 8h8M11 5l3 3-3 3"),
  flag: path("M4 14.5v-13M4 2.5h8.5l-2.5 3 2.5 3H4"),
  data: path("M2.5 4c0 3.3 11 3.3 11 0S2.5 .7 2.5 4v8c0 3.3 11 3.3 11 0V4M2.5 8c0 3.3 11 3.3 11 0"),
  broker: path("M8 9.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3M4.8 11.2a4.5 4.5 0 0 1 0-6.4M11.2 4.8a4.5 4.5 0 0 1 0 6.4M2.7 13.3a7.5 7.5 0 0 1 0-10.6M13.3 2.7a7.5 7.5 0 0 1 0 10.6"),
  back: path("M14 8H2.5M7 3 2 8l5 5"),
  pause: path("M5 3v10M11 3v10"),
  play: path("M4.5 2.5v11l9-5.5z"),
  calendar: path("M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 1.5v3M10.5 1.5v3"),
  table: path("M2 3h12v10H2zM2 6.5h12M2 9.8h12M6.5 3v10"),
  download: path("M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11"),
  clock: path("M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13M8 4.5V8l2.5 1.5"),
  rise: path("M2.5 11.5 6 8l2.5 2.5 5-6M9.5 4.5h4v4"),
  fall: path("M2.5 4.5 6 8l2.5-2.5 5 6M9.5 11.5h4v-4"),
  steady: path("M2 8h11M10 5l3 3-3 3"),
  grip: path("M5.5 3.5v.1M5.5 8v.1M5.5 12.5v.1M10.5 3.5v.1M10.5 8v.1M10.5 12.5v.1"),
  pin: path("M9.5 1.5 14.5 6.5 11 8l-3.5 5.5-5-5L8 5zM5 11 1.5 14.5"),
  hide: path("M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8M8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4M2.5 13.5l11-11"),
  settings: path("M2 4.5h6M12 4.5h2M2 11.5h2M8 11.5h6M10 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4M6 13.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4"),
  arrange: path("M2 2h5v5H2zM9 2h5v3H9zM9 7h5v7H9zM2 9h5v5H2z"),
  undo: path("M5 2.5 1.5 6 5 9.5M1.5 6h8a4.5 4.5 0 0 1 0 9H6"),
  up: path("M8 13V3M3.5 7.5 8 3l4.5 4.5"),
  down: path("M8 3v10M3.5 8.5 8 13l4.5-4.5"),
  preferences: path("M2 4.5h6M11.5 4.5H14M2 11.5h2.5M8 11.5h6M9.8 6.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4M6.2 13.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4"),
  person: path("M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6M2.5 14.5c0-3 2.5-4.5 5.5-4.5s5.5 1.5 5.5 4.5"),
  close: path("M3.5 3.5l9 9M12.5 3.5l-9 9"),
};
