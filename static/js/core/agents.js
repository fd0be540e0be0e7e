/** What a browser is, from the text by which it says so: as much as people need to know their own logins by. */

/** First match counts: those that name another browser as well stand before it. */
const BROWSERS = [
  [/\bEdgA?\/|\bEdgiOS\//, "Edge"],
  [/\bOPR\/|\bOpera\b/, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/\bEpiphany\//, "GNOME Web"],
  [/\bChromium\//, "Chromium"],
  [/\bChrome\/|\bCriOS\/|\bHeadlessChrome\//, "Chrome"],
  [/\bSafari\//, "Safari"],
  [/^curl\//, "curl"],
];
const SYSTEMS = [
  [/\bAndroid\b/, "Android"],
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bWindows\b/, "Windows"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bLinux\b|\bX11\b/, "Linux"],
];

const first = (table, agent) => table.find(([pattern]) => pattern.test(agent))?.[1] ?? "";

/** {browser, system}; an empty text where that is not known. */
export function agentOf(agent) {
  return { browser: first(BROWSERS, agent), system: first(SYSTEMS, agent) };
}
