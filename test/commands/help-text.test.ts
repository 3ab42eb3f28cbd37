import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { cliPage } from "../../scripts/cli-page.mjs";
import { helpOfGantry, helpOfVerb, usageOf } from "../../src/commands/help-text.ts";
import { verbs } from "../../src/commands/verbs.ts";

it("keeps within 80 columns", async () => {
  const texts = await Promise.all([...verbs].map(async ([name, entry]) => helpOfVerb(name, await entry.load())));
  const long = [helpOfGantry(), ...texts].flatMap((text) => text.split("\n")).filter((line) => line.length > 80);
  expect(long).toEqual([]);
});

it("lists a global flag's letter only where the verb does not use it itself", async () => {
  const help = await verbs.get("logs")?.load();
  if (help === undefined) throw new Error("there is no verb logs");
  const lines = helpOfVerb("logs", help).split("\n");
  expect(lines.filter((line) => line.includes("-f, ")).map((line) => line.trim().split(" ")[1])).toEqual(["--follow"]);
});

it("says how a verb is used, and gantry itself", async () => {
  expect(await usageOf("up")).toBe("Usage: gantry up [FLAGS] [SERVICES...]");
  expect(await usageOf(undefined)).toBe("Usage: gantry [GLOBAL FLAGS] VERB [FLAGS] [ARGUMENTS]");
});

it("stands in docs/cli.md as it is (`npm run docs` writes the page)", async () => {
  expect(readFileSync(join(import.meta.dirname, "../../docs/cli.md"), "utf8")).toBe(await cliPage());
});
