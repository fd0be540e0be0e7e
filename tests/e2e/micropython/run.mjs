/**
 * Runs a MicroPython program (its path is the argument) in MicroPython itself, compiled for Node. That has no network
 * of its own: `requests.post` goes out through curl, with what the program gave it.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const python = await loadMicroPython({ stdout: (line) => console.log(line), linebuffer: true });
python.registerJsModule("requests", {
  post(url, { json, headers }) {
    const given = Object.entries({ ...headers, "Content-Type": "application/json" });
    const options = given.flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
    const body = JSON.stringify(json);
    const out = execFileSync("curl", ["-sS", "-w", "\n%{http_code}", ...options, "-d", body, url], { encoding: "utf8" });
    const [text, status] = out.split(/\n(?=\d+$)/);
    return { status_code: Number(status), text, close() {} };
  },
});
python.runPython(readFileSync(process.argv[2], "utf8"));
