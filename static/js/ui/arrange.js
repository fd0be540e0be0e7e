/** What a tile offers while the overview is arranged: moved, resized, pinned, hidden by mouse, finger and keys alike. */
import { html } from "lit";
import { SIZES } from "telltale/core/layout.js";
import { t } from "telltale/core/words.js";
import { icons } from "telltale/ui/icons.js";

/** Steps of the keys on a grip. */
const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -Infinity, End: Infinity };
const GROW = { "+": 1, "=": 1, "-": -1, _: -1 };

/** Tell the overview what to do with a tile, or with the device of a header. */
function tell(target, detail) {
  target.dispatchEvent(new CustomEvent("arrange", { detail, bubbles: true }));
}

/** The size that comes `step` after another; without a step the next one, around. */
export function sizeAfter(size, step = null) {
  const at = SIZES.indexOf(size);
  if (step === null) return SIZES[(at + 1) % SIZES.length];
  return SIZES[Math.min(Math.max(at + step, 0), SIZES.length - 1)];
}

/** The row of buttons of a tile; `title` is what it is called. */
export function controls({ series, look }, title) {
  const { name } = series;
  const resize = (step) => (event) => tell(event.target, { act: "resize", name, step, title });
  const toggle = (what) => (event) => tell(event.target, { act: "toggle", name, what, title });
  const key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const size = GROW[event.key] ?? (event.shiftKey ? STEPS[event.key] : undefined);
    if (size !== undefined) resize(Math.sign(size))(event);
    else if (event.key in STEPS) tell(event.target, { act: "move", name, by: STEPS[event.key], title });
    else if (event.key === "Delete" || event.key === "h") toggle("hidden")(event);
    else if (event.key === "p") toggle("pinned")(event);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<div class="controls" role="group" aria-label=${t("Arrange {name}", { name: title })}>
    <button
      class="grip"
      aria-label=${t("Move {name}", { name: title })}
      aria-describedby="arrange-keys"
      title=${t("Drag, or press the arrow keys")}
      @keydown=${key}
      @pointerdown=${(event) => drag(event, name, title)}
    >
      ${icons.grip}
    </button>
    <button
      class="size"
      aria-label=${t("Size of {name}: {size}", { name: title, size: look.size })}
      title=${t("Size")}
      @click=${resize(null)}
    >
      ${look.size}
    </button>
    <button
      aria-label=${t("Pin {name}", { name: title })}
      title=${t("Pin to the top")}
      aria-pressed=${String(look.pinned)}
      @click=${toggle("pinned")}
    >
      ${icons.pin}
    </button>
    <button
      aria-label=${t("Hide {name}", { name: title })}
      title=${t("Hide")}
      aria-pressed=${String(look.hidden)}
      @click=${toggle("hidden")}
    >
      ${icons.hide}
    </button>
    <button
      aria-label=${t("Settings of {name}", { name: title })}
      title=${t("Settings")}
      @click=${(event) => tell(event.target, { act: "settings", name })}
    >
      ${icons.settings}
    </button>
  </div>`;
}

/** A drag by a mouse or a finger: the tile goes where the pointer is over another one of the same list. */
function drag(event, name, title) {
  if (event.button) return;
  const list = event.currentTarget.closest("[data-list]");
  const move = ({ clientX, clientY }) => {
    const over = document.elementFromPoint(clientX, clientY)?.closest("tt-tile");
    if (over && over.dataset.series !== name && over.closest("[data-list]") === list)
      tell(list, { act: "preview", name, over: over.dataset.series });
  };
  const end = ({ type }) => {
    for (const [kind, listener] of listeners) removeEventListener(kind, listener, true);
    tell(list, { act: type === "pointerup" ? "drop" : "cancel", name, title });
  };
  const key = (pressed) => {
    if (pressed.key !== "Escape") return;
    pressed.stopPropagation();
    end({ type: "escape" });
  };
  const listeners = [
    ["pointermove", move],
    ["pointerup", end],
    ["pointercancel", end],
    ["keydown", key],
  ];
  // on the window: the grip itself moves through the document, and a pointer captured by it would be lost;
  // capturing, so that Escape ends the drag and nothing else
  for (const [kind, listener] of listeners) addEventListener(kind, listener, true);
}

/** The buttons of a device, or a group, that move it; `list` is what it is in, `key` how it is called there. */
export function moveButtons(list, key, title) {
  const move = (by) => (event) => tell(event.target, { act: "shift", list, key, by, title });
  return html`<button
      class="tool small"
      data-shift="-1"
      aria-label=${t("Move {name} up", { name: title })}
      title=${t("Up")}
      @click=${move(-1)}
    >
      ${icons.up}</button
    ><button
      class="tool small"
      data-shift="1"
      aria-label=${t("Move {name} down", { name: title })}
      title=${t("Down")}
      @click=${move(1)}
    >
      ${icons.down}
    </button>`;
}
