import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import path from "node:path";
import { expect, vi } from "vitest";
import { onEveryEngine, type Stack } from "./harness.ts";
import { startWatching } from "./watching.ts";

const example = path.join(import.meta.dirname, "../../examples/watch");
/** Any port that is free. */
const ports = { SITE_PORT: "0", API_PORT: "0", COMPILED_PORT: "0" };

/** What a service of the example answers at the moment. */
async function pageOf({ containers }: Stack, service: string): Promise<string> {
  const published = (await containers()).get(`${service}-1`)?.Ports.find(({ PublicPort }) => PublicPort !== undefined);
  return (await fetch(`http://127.0.0.1:${published?.PublicPort}/`)).text();
}

onEveryEngine("examples/watch", (scenario) => {
  scenario(
    "a saved page is served, a saved module is loaded again, a setting starts its container again, a program is compiled anew",
    {},
    async (stack) => {
      const from = (file: string) => !/\/(base|busybox)$/.test(file);
      cpSync(example, stack.folder, { recursive: true, filter: from });
      execFileSync(process.execPath, [path.join(stack.folder, "prepare.mjs")]);
      await using watching = await startWatching(stack, ["watch", "--json"], ports);
      const says = (service: string, words: string) =>
        vi.waitFor(async () => expect(await pageOf(stack, service)).toContain(words), { timeout: 30_000 });
      await says("site", "Change me");
      await says("api", "Hello, world");
      await says("compiled", "Hello, compiled world");

      stack.write({ "site/pages/index.html": "<h1>Changed</h1>" });
      await says("site", "Changed");
      stack.write({ "api/src/greet.mjs": "export const greet = (name) => ['Good morning', name].join(', ');\n" });
      await says("api", "Good morning, world");
      stack.write({ "api/settings.json": '{ "name": "moon" }' });
      await watching.event("restarted");
      await says("api", "Good morning, moon");

      stack.write({ "compiled/src/server.mts": "enum {" });
      await watching.event("rebuild-failed");
      await says("compiled", "Hello, compiled world");
      const server = `import http from "node:http";
enum Tone { Loud = "HELLO" }
http.createServer((_, answer) => answer.end(Tone.Loud)).listen(8080);
`;
      stack.write({ "compiled/src/server.mts": server });
      await watching.event("rebuilt");
      await says("compiled", "HELLO");
    },
  );
});
