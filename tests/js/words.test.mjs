import assert from "node:assert/strict";
import { test } from "node:test";
import { chosenLanguage, localeFor, parts, plural, t } from "../../static/js/core/words.js";

/** The module as a page in that language has it, with this catalogue. */
async function speaking(lang, words) {
  const stubs = { telltaleWords: words, document: { documentElement: { lang }, cookie: "" }, navigator: { languages: [lang] } };
  const before = Object.keys(stubs).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  for (const [name, value] of Object.entries(stubs)) Object.defineProperty(globalThis, name, { value, configurable: true });
  const module = await import(`../../static/js/core/words.js?${lang}-${JSON.stringify(words).length}`);
  for (const [name, old] of before) {
    delete globalThis[name];
    if (old) Object.defineProperty(globalThis, name, old);
  }
  return module;
}

test("numbers are by the browser's first language, unless a language was chosen", () => {
  assert.equal(localeFor([], null), "en");
  assert.equal(localeFor(["en-GB", "sv-SE"], null), "en-GB");
  assert.equal(localeFor(["en-US", "de-AT"], "de"), "de-AT");
  assert.equal(localeFor(["en-US"], "sv"), "sv");
});

test("a choice is read from the cookie, if it is a language of ours", () => {
  assert.equal(chosenLanguage(""), null);
  assert.equal(chosenLanguage("a=b; telltale-language=nb; c=d"), "nb");
  assert.equal(chosenLanguage("telltale-language=constructor"), null);
  assert.equal(chosenLanguage("telltale-language="), null);
});

test("holes are filled, in any order, and once only", async () => {
  const german = await speaking("de", { "{a} of {b}": "von {b} {a}" });
  assert.equal(german.t("{a} of {b}", { a: "{b}", b: 2 }), "von 2 {b}");
  assert.equal(t("{missing} stays"), "{missing} stays");
  assert.equal(t("constructor"), "constructor");
});

test("a count takes the form of its language", async () => {
  const devices = (words) => (n) => words.plural(n, "{n} device", "{n} devices");
  assert.deepEqual([0, 1, 2].map(devices({ plural })), ["0 devices", "1 device", "2 devices"]);
  const swedish = await speaking("sv", { "{n} devices": { one: "{n} enhet", other: "{n} enheter" } });
  assert.deepEqual([0, 1, 2].map(devices(swedish)), ["0 enheter", "1 enhet", "2 enheter"]);
  const polish = await speaking("pl", { "{n} devices": { one: "a", few: "b", many: "c", other: "d" } });
  assert.deepEqual([1, 2, 5, 1.5].map(devices(polish)), ["a", "b", "c", "d"]);
});

test("large counts are grouped, by the locale", async () => {
  const german = await speaking("de", {});
  assert.equal(german.plural(12345, "{n} reading", "{n} readings"), "12.345 readings");
});

test("parts keep what fills a hole as it is", () => {
  const link = { template: true };
  assert.deepEqual(parts("See {link} for more", { link }), ["See ", link, " for more"]);
});

test("what is no language tag is passed over", () => {
  assert.equal(localeFor(["C"], null), "en");
  assert.equal(localeFor(["POSIX_", "", "sv-SE"], null), "sv-SE");
  assert.equal(localeFor(["C", "de-AT"], "de"), "de-AT");
});
