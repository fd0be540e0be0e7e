/**
 * The page's address holds what is shown: each step is an entry of the browser's history, so Back undoes it; a gesture
 * is one step; what goes on by itself is none. Other parameters (a filter, compared series) live beside the view's.
 */
import { readView, searchWith, viewParams } from "telltale/core/address.js";

/** A gesture is over when nothing has moved for this long (ms). */
const QUIET = 400;

/** Tells "change" when Back or Forward, or `put`, changed a parameter. */
export const address = new EventTarget();

const params = () => new URLSearchParams(location.search);

/** The text of a parameter, or null. */
export const param = (name) => params().get(name);

/** All texts of a parameter that may be there more than once. */
export const paramList = (name) => params().getAll(name);

function write(search, step) {
  if (search === location.search) return;
  const url = `${location.pathname}${search}${location.hash}`;
  if (step) history.pushState(null, "", url);
  else history.replaceState(null, "", url);
}

/** Change parameters; null takes one out, a list is there once for each. `step`: Back undoes it. */
export function put(changes, step = true) {
  const search = new URLSearchParams(searchWith(location.search, plain(changes)));
  for (const [name, value] of Object.entries(changes)) {
    if (!Array.isArray(value)) continue;
    search.delete(name);
    for (const one of value) search.append(name, one);
  }
  write(search.size ? `?${search}` : "", step);
  address.dispatchEvent(new Event("change"));
}

const plain = (changes) => Object.fromEntries(Object.entries(changes).filter(([, value]) => !Array.isArray(value)));

/** Keep the view of a model and the address the same. */
export function bindAddress(model) {
  let going = false;
  let later = null;
  const read = () => {
    going = true;
    model.linked = param("sync") !== "off";
    model.look((view) => readView(params(), view, model.clock.now()));
    going = false;
  };
  const save = () => {
    clearTimeout(later);
    later = null;
    write(searchWith(location.search, viewParams(model.view, model.linked)), true);
  };
  read();
  model.addEventListener("view", ({ detail }) => {
    if (going) return;
    if (!detail.gesture) return save();
    clearTimeout(later);
    later = setTimeout(save, QUIET);
  });
  addEventListener("popstate", () => {
    clearTimeout(later);
    read();
    address.dispatchEvent(new Event("change"));
  });
}
