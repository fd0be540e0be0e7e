import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue, files, page, read, translated, untranslated } from "./texts.mjs";

/** Texts that are the same in every language, or no prose: names, formats, examples. */
const EXCEPTIONS = new Set([
  ...["Telltale", "MQTT", "Authorization", "Bearer {}", "Arrow", "CSV", "boiler/*", "Python", "Tornado"],
  "ArrowLeft ArrowRight Shift+ArrowRight Shift+ArrowDown Enter Delete",
  ...["Arduino", "Tasmota", "Home Assistant", "room-*", "boiler"],
  "Backlog MqttHost {}; MqttPort {}; MqttUser {}; MqttPassword {}; TelePeriod 10\n",
  ...["Edge", "Opera", "Samsung Internet", "Firefox", "Chromium", "Chrome", "Safari", "Android", "Windows", "Linux"],
  ...["device rotate end", "the overview of everyone"], // codes of the audit log
  ...["English", "Svenska", "Norsk bokmål", "Deutsch"],
]);
/** What handlers/login.py says of a new name or password (tests/handlers/test_words.py holds it). */
const ENTRANCE = /^The (password|name) (needs|has|must)/;
const LANGUAGES = ["sv", "nb", "de"];

const modules = files("static/js", ".js");
const pages = files("templates", ".html");
const handlers = files("handlers", ".py");
const wanted = new Map();
for (const name of modules) for (const one of translated(read(name))) if (one.text) wanted.set(one.text, one);
for (const name of pages) for (const one of page(read(name)).told) wanted.set(one.text, one);
for (const name of handlers) {
  for (const [, text] of read(name).matchAll(/\.said\(\s*"([^"]+)"/g)) wanted.set(text, { text });
}
const holes = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test("every visible text of our modules and templates is translated", () => {
  const found = modules.flatMap((name) => untranslated(read(name)).map((text) => [name, text]));
  for (const name of pages) found.push(...page(read(name)).untold.map((text) => [name, text]));
  const named = (text) => /\p{L}/u.test(text.replaceAll("Telltale", ""));
  assert.deepEqual(
    found.filter(([, text]) => !EXCEPTIONS.has(text) && named(text)),
    [],
  );
});

test("what is translated is a fixed text", () => {
  const wrong = modules.flatMap((name) => translated(read(name)).flatMap((one) => (one.wrong ? [[name, one.wrong]] : [])));
  assert.deepEqual(wrong, []);
});

for (const lang of LANGUAGES) {
  const words = catalogue(lang);

  test(`every text has a translation, ${lang}`, () => {
    assert.deepEqual(
      [...wanted.keys()].filter((text) => !(text in words)),
      [],
    );
  });

  test(`no translation is of a text that is gone, ${lang}`, () => {
    assert.deepEqual(
      Object.keys(words).filter((text) => !wanted.has(text) && !ENTRANCE.test(text)),
      [],
    );
  });

  test(`translations have the holes of their texts, and every form of their language, ${lang}`, () => {
    const { pluralCategories } = new Intl.PluralRules(lang).resolvedOptions();
    for (const [text, found] of Object.entries(words)) {
      const counted = wanted.get(text)?.one !== undefined;
      assert.equal(typeof found, counted ? "object" : "string", text);
      const forms = counted ? found : { other: found };
      if (counted) assert.deepEqual(Object.keys(forms).sort(), [...pluralCategories].sort(), text);
      for (const form of Object.values(forms)) {
        assert.ok(form.trim(), text);
        assert.deepEqual(holes(form), holes(text), `${text} | ${form}`);
      }
    }
  });
}

test("the finder sees what people see, and only that", () => {
  const source = [
    'import { html } from "lit";',
    'import { plural as many, t } from "telltale/core/words.js";',
    "/** t(nothing) */",
    "const a = html`<p title=${t('Told')}>Untold <b>${x ? html`<i aria-label=\"Inner\">${many(f(n), \"{n} a\", \"{n} b\")}</i>` : \"\"}</b><code>Code here</code></p>`;",
    "const b = /[`\"]Not this one/.test(c) ? \"quiet wide\" : \"A sentence.\";",
    "t(variable);",
  ].join("\n");
  assert.deepEqual(untranslated(source), ["Untold", "Inner", "A sentence."]);
  assert.deepEqual(translated(source), [{ text: "{n} b", one: "{n} a" }, { text: "Told" }, { wrong: "t(variable);" }]);
});
