/** Words on a board: paragraphs; a line that begins with "# " is a heading, with "- " an item of a list. */
import { html } from "lit";

export function wordsOf(text) {
  return text.split(/\n{2,}/).map((block) => {
    const lines = block.split("\n");
    if (lines.every((line) => line.startsWith("- ")))
      return html`<ul>
        ${lines.map((line) => html`<li>${line.slice(2)}</li>`)}
      </ul>`;
    return lines.map((line) =>
      line.startsWith("# ") ? html`<h3 class="heading">${line.slice(2)}</h3>` : html`<p>${line || "\u00a0"}</p>`,
    );
  });
}
