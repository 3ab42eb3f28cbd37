import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { checkTypes, installGantry } from "../installed.ts";
import { idle, idsOf, image, onEveryEngine } from "./harness.ts";
import { filesInContainer } from "./watching.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "gantry-watch-library-"));
beforeAll(() => installGantry(folder), 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Saves a file when it is told that the folder is watched, another for a rebuild, and leaves the loop after that. */
const program = `
import { writeFileSync } from "node:fs";
import { load } from "gantry";
import { connect, watch, type WatchEvent } from "gantry/watch";
const [url = "", cwd = "", projectName = ""] = process.argv.slice(2);
const { project } = await load({ cwd, projectName });
const engine = connect(url);
for await (const event of watch(project, engine)) {
  const type: WatchEvent["type"] = event.type;
  console.log(type, event.type === "synced" ? event.target : "");
  if (event.type === "ready") writeFileSync(cwd + "/src/a", "2");
  if (event.type === "synced") writeFileSync(cwd + "/app/file", "2");
  if (event.type === "rebuilt") break;
}
engine.close();
console.log("over");
`;

onEveryEngine("watch as a library", (scenario) => {
  scenario(
    "yields what happens, until the loop is left",
    {
      "compose.yaml": `
services:
  web:
    build: app
    command: ${idle}
    network_mode: none
    stop_grace_period: 2s
    develop: { watch: [{ action: sync, path: src, target: /app }, { action: rebuild, path: app }] }
`,
      "app/Dockerfile": `FROM ${image}\nCOPY file /made/file\n`,
      "app/file": "1",
      "src/a": "1",
    },
    async (stack) => {
      expect((await stack.gantry("up", "-d")).exitCode).toBe(0);
      writeFileSync(path.join(folder, "program.ts"), program);
      checkTypes(folder, "program.ts");
      const args = ["program.ts", stack.url, stack.folder, stack.project];
      const output = execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
      const lines = ["ready ", "synced /app/a", "rebuild-started ", "rebuilt ", "over"];
      // The new container gets what was synced before as well.
      expect([...new Set(output.trimEnd().split("\n"))].filter((line) => lines.includes(line))).toEqual(lines);
      const id = idsOf(await stack.containers())["web-1"] ?? "";
      expect(await filesInContainer(stack, id, "/made")).toEqual({ file: "file 644 2" });
    },
  );
});
