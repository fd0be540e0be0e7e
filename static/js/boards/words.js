/** The words and the signs of boards. */
import { html } from "lit";
import { t } from "telltale/core/words.js";

const glyph = (d) => html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${d}></path></svg>`;

export const glyphs = {
  move: glyph("M8 1.5v13M1.5 8h13M6 3.5l2-2 2 2M6 12.5l2 2 2-2M3.5 6l-2 2 2 2M12.5 6l2 2-2 2"),
  settings: glyph("M2 4.5h7M13 4.5h1M2 11.5h1M7 11.5h7M11 2.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4M5 9.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4"),
  copy: glyph("M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"),
  remove: glyph("M2.5 4h11M6 4V2.5h4V4M4 4l.7 9.5h6.6L12 4M6.7 6.5v4.5M9.3 6.5v4.5"),
  resize: glyph("M14 6v8H6M14 14 8.5 8.5"),
  undo: glyph("M5.5 3 2.5 6l3 3M2.5 6h7a4 4 0 0 1 0 8H6"),
  redo: glyph("M10.5 3l3 3-3 3M13.5 6h-7a4 4 0 0 0 0 8H10"),
  board: glyph("M2 2.5h7v5H2zM11 2.5h3v5h-3zM2 9.5h4v4H2zM8 9.5h6v4H8z"),
  screen: glyph("M1.5 3h13v8h-13zM5.5 13.5h5"),
  link: glyph("M6.5 9.5l3-3M7 4.5l1.2-1.2a3.2 3.2 0 0 1 4.5 4.5L11.5 9M9 11.5l-1.2 1.2a3.2 3.2 0 0 1-4.5-4.5L4.5 7"),
  pencil: glyph("M2.5 13.5l.7-3L11 2.7l2.3 2.3L5.5 12.8z"),
};

/** What a kind of parts is called. */
export function kindWord(kind) {
  return {
    tile: t("Tile"),
    chart: t("Chart"),
    gauge: t("Gauge"),
    strip: t("State strip"),
    table: t("Table"),
    text: t("Text"),
    plan: t("Floor plan"),
  }[kind];
}

/** What a kind is for, in a few words. */
export function kindHelp(kind) {
  return {
    tile: t("One value, large"),
    chart: t("Values over time"),
    gauge: t("A value between limits"),
    strip: t("On, off and other states over time"),
    table: t("Many values, one a row"),
    text: t("Words of your own"),
    plan: t("An image with live values on it"),
  }[kind];
}
