/** The icons of the page, as inline SVG. */
import { html } from "lit";

const path = (d) => html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${d}></path></svg>`;

export const icons = {
  theme: path("M8 1.5a6.5 6.5 0 1 0 0 13zM8 1.5a6.5 6.5 0 0 1 0 13"),
  search: path("M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7 14.5 14.5"),
  plus: path("M8 2.5v11M2.5 8h11"),
  warning: path("M8 2 1.5 13.5h13zM8 6.5v3.2M8 11.6v.2"),
  unplugged: path("M2 2l12 12M4.5 5.5v2.7a3.5 3.5 0 0 0 5.7 2.7M11.5 8.3V5.5h-4M6 2v2M10 2v3.5M8 11.5V14"),
  leave: path("M6.5 2.5h-4v11h4M6 8h8M11 5l3 3-3 3"),
  flag: path("M4 14.5v-13M4 2.5h8.5l-2.5 3 2.5 3H4"),
  data: path("M2.5 4c0 3.3 11 3.3 11 0S2.5 .7 2.5 4v8c0 3.3 11 3.3 11 0V4M2.5 8c0 3.3 11 3.3 11 0"),
  broker: path("M8 9.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3M4.8 11.2a4.5 4.5 0 0 1 0-6.4M11.2 4.8a4.5 4.5 0 0 1 0 6.4M2.7 13.3a7.5 7.5 0 0 1 0-10.6M13.3 2.7a7.5 7.5 0 0 1 0 10.6"),
  back: path("M14 8H2.5M7 3 2 8l5 5"),
  close: path("M3.5 3.5l9 9M12.5 3.5l-9 9"),
};
