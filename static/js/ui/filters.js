/** What the overview shows: how many there are, filters by group, tag, state and metric, tiles or charts, arranging. */
import { html, nothing } from "lit";
import { pageUrl } from "telltale/api.js";
import { me } from "telltale/context.js";
import { formatLabel } from "telltale/core/format.js";
import { byName } from "telltale/core/inventory.js";
import { isFiltered, STATES, VIEWS } from "telltale/core/overview.js";
import { plural, t } from "telltale/core/words.js";
import { Element } from "telltale/ui/element.js";
import { icons } from "telltale/ui/icons.js";

const STATE_NAMES = { live: () => t("live"), stale: () => t("stale"), offline: () => t("offline") };
const VIEW_NAMES = { tiles: () => t("Tiles"), charts: () => t("Charts") };

/** Chooses by the event "choose" with the changed fields. */
class Filters extends Element {
  static properties = {
    choice: { attribute: false },
    /** {devices, offline, metrics, groups, tags, names} */
    facts: { attribute: false },
    arranging: { type: Boolean },
  };

  render() {
    const { choice, facts } = this;
    return html`<div class="filters" role="group" aria-label=${t("What is shown")}>
      <p class="facts">${plural(facts.devices, "{n} device", "{n} devices")}${
        facts.offline ? html`, <strong>${t("{n} offline", { n: facts.offline })}</strong>` : nothing
      } · ${plural(facts.metrics, "{n} metric", "{n} metrics")}</p>
      ${facts.groups.length ? this.#select("group", t("All groups"), this.#groups()) : nothing}
      ${facts.tags.length ? this.#select("tag", t("All tags"), sorted(facts.tags).map((tag) => [tag, tag])) : nothing}
      ${this.#select(
        "state",
        t("All states"),
        STATES.map((state) => [state, STATE_NAMES[state]()]),
      )}
      ${this.#select(
        "metric",
        t("All metrics"),
        sorted(facts.names).map((name) => [name, formatLabel(name)]),
      )}
      ${
        isFiltered(choice)
          ? html`<button @click=${() => this.#choose({ q: "", group: null, tag: null, state: null, metric: null })}>
              ${t("Show all")}
            </button>`
          : nothing
      }
      <div class="ends">
        <a class="go" href=${pageUrl("boards")}>${t("Boards")}</a>
        <a class="go" href=${pageUrl("explore")}>${t("Explore")}</a>
        ${me.operator ? html`<a class="go" href=${pageUrl("devices")}>${t("Administration")}</a>` : nothing}
        <div class="ranges views" role="group" aria-label=${t("View")}>
          ${VIEWS.map(
            (view) =>
              html`<button aria-pressed=${String(choice.view === view)} @click=${() => this.#choose({ view })}>
                ${VIEW_NAMES[view]()}
              </button>`,
          )}
        </div>
        ${
          choice.view === "tiles"
            ? html`<button
                class="arrange"
                aria-pressed=${String(this.arranging)}
                @click=${() => this.dispatchEvent(new Event("toggle-arrange", { bubbles: true }))}
              >
                ${icons.arrange}${t("Arrange")}
              </button>`
            : nothing
        }
      </div>
    </div>`;
  }

  #groups() {
    return [...sorted(this.facts.groups).map((name) => [name, name]), ["", t("Without a group")]];
  }

  #select(key, everything, options) {
    const chosen = this.choice[key];
    const change = ({ target }) => this.#choose({ [key]: target.value === "*" ? null : target.value.slice(1) });
    const missing = chosen !== null && !options.some(([value]) => value === chosen);
    return html`<select aria-label=${everything} data-filter=${key} ?data-on=${chosen !== null} @change=${change}>
      <option value="*" ?selected=${chosen === null}>${everything}</option>
      ${[...options, ...(missing ? [[chosen, chosen]] : [])].map(
        ([value, name]) => html`<option value="=${value}" ?selected=${value === chosen}>${name}</option>`,
      )}
    </select>`;
  }

  updated() {
    // `selected` as an attribute is only the default; what a person chose stands above it
    for (const select of this.querySelectorAll("select")) {
      const chosen = this.choice[select.dataset.filter];
      select.value = chosen === null ? "*" : `=${chosen}`;
    }
  }

  #choose(detail) {
    this.dispatchEvent(new CustomEvent("choose", { detail, bubbles: true }));
  }
}

const sorted = (names) => [...names].sort(byName);

customElements.define("tt-filters", Filters);
