/**
 * Finds the texts of our modules and templates: those that are translated (t, plural, parts), and visible English that
 * is not. A lexer of the JavaScript we write: strings, templates, comments, regular expressions; html`` is read as HTML.
 */
import { readdirSync, readFileSync } from "node:fs";

const ROOT = new URL("../../", import.meta.url);
const WORDS = /import\s*\{([^}]*)\}\s*from\s*"telltale\/core\/words\.js"/;
/** Attributes whose values people see or hear. */
const SPOKEN = /^(aria-label|aria-description|aria-roledescription|aria-valuetext|title|placeholder|alt|label)$/;
/** Elements whose content is no prose. */
const CODE = new Set(["code", "pre", "kbd", "style", "script"]);

const path = (name) => new URL(name, ROOT);
export const read = (name) => readFileSync(path(name), "utf8");

/** Names of the files below a folder, with a suffix. */
export function files(folder, suffix) {
  const all = readdirSync(path(folder), { recursive: true, withFileTypes: true });
  const root = path(folder).pathname.replace(/\/$/, "");
  return all
    .filter((one) => one.isFile() && one.name.endsWith(suffix))
    .map((one) => `${folder}${`${one.parentPath ?? one.path}/${one.name}`.slice(root.length)}`)
    .sort();
}

/**
 * Strings and templates of a source, nested ones too, each {start, end, text, tag, pieces, call}: `pieces` are the fixed
 * parts of a template as [start, text], `call` is the name of the function whose first arguments it is among.
 */
export function literals(source) {
  const found = [];
  let at = 0;
  const calls = [];
  let last = "";

  function string(quote) {
    const start = at;
    let text = "";
    for (at += 1; source[at] !== quote; at += 1) {
      if (source[at] === "\\") at += 1;
      text += source[at];
    }
    at += 1;
    found.push({ start, end: at, text, tag: null, pieces: null, call: calls.at(-1) ?? "", kept: "" });
    last = '"';
  }

  function template() {
    const one = { start: at, end: 0, text: null, tag: /[\w$]/.test(source[at - 1]) ? last : "", pieces: [], call: calls.at(-1) ?? "" };
    found.push(one);
    let [from, text] = [at + 1, ""];
    for (at += 1; source[at] !== "`"; ) {
      if (source[at] === "\\") {
        text += source.slice(at, at + 2);
        at += 2;
      } else if (source.startsWith("${", at)) {
        one.pieces.push([from, text]);
        at += 2;
        last = "{";
        code("}");
        [from, text] = [at, ""];
      } else {
        text += source[at];
        at += 1;
      }
    }
    one.pieces.push([from, text]);
    at += 1;
    one.end = at;
    if (one.pieces.length === 1) one.text = text;
    last = '"';
  }

  function code(end) {
    const depth = calls.length;
    let braces = 0;
    while (at < source.length) {
      const one = source[at];
      if (one === end && !braces) {
        at += 1;
        calls.length = depth;
        return;
      }
      if (source.startsWith("//", at)) at = source.indexOf("\n", at);
      else if (source.startsWith("/*", at)) at = source.indexOf("*/", at) + 2;
      else if (one === '"' || one === "'") string(one);
      else if (one === "`") template();
      else if (one === "/" && (last === "return" || !/[\w$)\]"]$/.test(last))) regexp();
      else {
        if (one === "{") braces += 1;
        if (one === "}") braces -= 1;
        if ("([{".includes(one)) calls.push(one === "(" ? (last.match(/[\w$#.]+$/)?.[0] ?? "") : "");
        if (")]}".includes(one)) calls.pop();
        if (/\S/.test(one)) last = /[\w$#.]/.test(one) ? (/[\w$#.]$/.test(last) && !/\s/.test(source[at - 1]) ? last + one : one) : one;
        at += 1;
      }
    }
  }

  function regexp() {
    let inClass = false;
    for (at += 1; source[at] !== "/" || inClass; at += 1) {
      if (source[at] === "\\") at += 1;
      else if (source[at] === "[") inClass = true;
      else if (source[at] === "]") inClass = false;
    }
    at += 1;
    last = '"';
  }

  code("");
  return found;
}

/** What the module calls t, plural and parts: {local name: name}. */
export function speakers(source) {
  const names = (WORDS.exec(source)?.[1] ?? "").split(",").map((one) => one.trim().split(/\s+as\s+/));
  return Object.fromEntries(names.filter(([name]) => ["t", "plural", "parts"].includes(name)).map(([name, as]) => [as ?? name, name]));
}

/** The texts that a module has translated: [{text, one}], `one` for counts; those that are no fixed text as {wrong}. */
export function translated(source) {
  const names = speakers(source);
  const all = literals(source);
  const found = [];
  for (const [local, name] of Object.entries(names)) {
    for (const { index, 0: call } of source.matchAll(new RegExp(`(?<![\\w$.#])${local.replace("$", "\\$")}\\(`, "g"))) {
      if (all.some((one) => one.start < index && index < one.end && inText(one, index))) continue;
      const comment = source.slice(source.lastIndexOf("\n", index) + 1, index);
      if (/^\s*(\*|\/\/|\/\*)/.test(comment)) continue;
      const from = index + call.length;
      const inside = all.filter((one) => one.start >= from && one.call === local);
      const literal = (place) => inside.find((one) => one.start >= place && !source.slice(place, one.start).trim());
      if (name !== "plural") {
        const text = literal(from)?.text ?? null;
        found.push(text === null ? { wrong: source.slice(index, index + 60) } : { text });
        continue;
      }
      const first = inside.find((one) => /^[^"'`]*,\s*$/.test(source.slice(from, one.start)));
      const second = first && literal(source.indexOf(",", first.end) + 1);
      found.push(first?.text && second?.text ? { text: second.text, one: first.text } : { wrong: source.slice(index, index + 60) });
    }
  }
  return found;
}

const inText = (one, index) =>
  one.pieces ? one.pieces.some(([start, text]) => start <= index && index < start + text.length) : true;

/** The visible texts of HTML whose holes are "\0": [{start, end, text, attribute}]. */
export function visible(html) {
  const found = [];
  const open = [];
  const tags = /<!--[\s\S]*?-->|<!\w[^>]*>|<(\/?)([\w-]+)((?:\s+|[^\s"'>=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?)*)\s*\/?>/g;
  let end = 0;
  const text = (from, to) => {
    if (!open.some((name) => CODE.has(name))) found.push({ start: from, end: to, text: html.slice(from, to), attribute: null });
  };
  for (const tag of html.matchAll(tags)) {
    text(end, tag.index);
    end = tag.index + tag[0].length;
    const name = tag[2]?.toLowerCase();
    if (!name) continue;
    if (tag[1]) open.splice(Math.max(0, open.lastIndexOf(name)));
    else if (CODE.has(name)) open.push(name);
    const offset = tag.index + 1 + tag[1].length + tag[2].length;
    for (const one of (tag[3] ?? "").matchAll(/([^\s"'>=]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)/g)) {
      if (!SPOKEN.test(one[1])) continue;
      const quoted = /^["']/.test(one[2]);
      const from = offset + one.index + one[0].length - one[2].length;
      const value = quoted ? one[2].slice(1, -1) : one[2];
      found.push({ start: from, end: from + one[2].length, text: value, attribute: one[1] });
    }
  }
  text(end, html.length);
  return found.filter((one) => /\p{L}{2}/u.test(one.text.replaceAll(/&\w+;/g, "")));
}

/** A template's HTML with its holes as "\0", and the place in the source of each character. */
export function joined(one) {
  const places = [];
  let html = "";
  one.pieces.forEach(([start, text], i) => {
    if (i) {
      html += "\0";
      places.push(start - 1);
    }
    for (let at = 0; at < text.length; at += 1) places.push(start + at);
    html += text;
  });
  return { html, places };
}

const KEYS = /^(Enter|Escape|Tab|Home|End|Page(Up|Down)|Arrow\w+|Delete|Backspace|Shift|Control|Alt|Meta|Space)$/;
/** What looks like a sentence or a label: a capital letter and small ones, or three words and more. */
const PROSE = /^(\p{Lu}\p{Ll}+(?![\w-]*[:/@]\S)( |$|[.,:;…?!])|\p{Lu} \p{Ll}|\p{L}+ \p{L}+ \p{L}+)/u;

/** Visible English of a module that is not translated: [text]. */
export function untranslated(source) {
  const names = Object.keys(speakers(source));
  const found = [];
  for (const one of literals(source)) {
    if (one.tag === "html" || one.tag === "svg") {
      found.push(...visible(joined(one).html).map(({ text }) => text.replaceAll("\0", "{}").replaceAll(/\s+/g, " ").trim()));
    } else if (!names.includes(one.call)) {
      const text = one.text ?? one.pieces.map(([, piece]) => piece).join("{}");
      if (PROSE.test(text) && !KEYS.test(text)) found.push(text);
    }
  }
  return found;
}

/** The texts that a template of a page has translated, and its visible English that is not. */
export function page(source) {
  const told = [...source.matchAll(/\{\{-?\s*t\("((?:[^"\\]|\\.)*)"/g)].map(([, text]) => ({ text: text.replaceAll('\\"', '"') }));
  const plain = source.replaceAll(/<script[\s\S]*?<\/script>/g, "").replaceAll(/\{%[\s\S]*?%\}|\{\{[\s\S]*?\}\}/g, "\0");
  return { told, untold: visible(plain).map(({ text }) => text.replaceAll("\0", "{}").replaceAll(/\s+/g, " ").trim()) };
}

/** The catalogue of a language. */
export const catalogue = (lang) =>
  JSON.parse(
    read(`static/words/${lang}.js`)
      .replace("globalThis.telltaleWords = ", "")
      .trim()
      .replace(/;$/, ""),
  );
