/**
 * The texts of the page in the language of who looks. English stands in the code and is the key of the catalogues
 * (static/words/LANG.js); a text without a translation stays English. The server chooses the language and has the
 * catalogue run before the modules (handlers/words.py). `lang` is that of texts, `locale` that of numbers and dates.
 */

const COOKIE = "telltale-language";
const YEAR = 31_536_000;
/** The languages there are, by their own names. */
export const LANGUAGES = { en: "English", sv: "Svenska", nb: "Norsk bokmål", de: "Deutsch" };

const here = globalThis.document;
const primary = (tag) => tag.toLowerCase().split("-")[0];

/** The language chosen on this browser, or null: it then follows the browser's own. */
export function chosenLanguage(cookies = here?.cookie ?? "") {
  const found = cookies.split("; ").find((one) => one.startsWith(`${COOKIE}=`));
  const name = found?.slice(COOKIE.length + 1) ?? "";
  return Object.hasOwn(LANGUAGES, name) ? name : null;
}

/** Keep the choice of a language (null: follow the browser); it holds from the next load of a page. */
export function keepLanguage(name) {
  here.cookie = `${COOKIE}=${name ?? ""}; path=/; max-age=${name ? YEAR : 0}; samesite=lax`;
}

/** The locale of numbers and dates for who has `languages` (tags, best first) and chose `chosen`, or null. */
export function localeFor(languages, chosen) {
  const known = languages.filter(isTag);
  if (!chosen) return known[0] ?? "en";
  return known.find((tag) => primary(tag) === chosen) ?? chosen;
}

/** Some browsers say "C" or "POSIX" where the system has no language, and Intl throws at those. */
function isTag(text) {
  try {
    return Intl.getCanonicalLocales(text).length > 0;
  } catch {
    return false;
  }
}

export const lang = here?.documentElement.lang || "en";
export const locale = here ? localeFor(navigator.languages ?? [], chosenLanguage()) : "en";

const catalogue = globalThis.telltaleWords ?? {};
const rules = new Intl.PluralRules(lang);
const numbers = new Intl.NumberFormat(locale);

const HOLE = /\{(\w+)\}/g;
const filled = (text, values) =>
  text.replace(HOLE, (hole, name) => (Object.hasOwn(values, name) ? String(values[name]) : hole));

function translated(text) {
  const found = Object.hasOwn(catalogue, text) ? catalogue[text] : text;
  return typeof found === "string" ? found : text;
}

/** The text in the language of the page, its {holes} filled with `values`. */
export function t(text, values = {}) {
  return filled(translated(text), values);
}

/** The text for a count, which fills {n}: `one` for 1 in English, else `many` (the key); other languages by their rules. */
export function plural(n, one, many, values = {}) {
  const found = Object.hasOwn(catalogue, many) ? catalogue[many] : { one, other: many };
  const text = typeof found === "string" ? found : (found[rules.select(n)] ?? found.other);
  return filled(text, { n: numbers.format(n), ...values });
}

/** As `t`, for templates: a list in which any value may fill a hole, a part of a template too. */
export function parts(text, values) {
  const pieces = translated(text).split(/\{(\w+)\}/);
  return pieces.map((piece, i) => (i % 2 ? (values[piece] ?? `{${piece}}`) : piece));
}
