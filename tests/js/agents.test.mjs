import assert from "node:assert/strict";
import { test } from "node:test";
import { agentOf } from "../../static/js/core/agents.js";

const MOZILLA = "Mozilla/5.0";
for (const [agent, browser, system] of [
  [`${MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0`, "Firefox", "Linux"],
  [`${MOZILLA} (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0`, "Edge", "Windows"],
  [`${MOZILLA} (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36`, "Chrome", "Android"],
  [`${MOZILLA} (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1`, "Safari", "iPhone"],
  [`${MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15`, "Safari", "macOS"],
  ["curl/8.14.1", "curl", ""],
  ["", "", ""],
  ["<script>alert(1)</script>", "", ""],
]) {
  test(`a browser is known by its text: ${browser || "none"} ${system} ${agent.length}`, () => {
    assert.deepEqual(agentOf(agent), { browser, system });
  });
}
