import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { filesOf } from "../../src/compose/files-of.ts";
import { load } from "../../src/compose/library.ts";

it("names what is included, extended and read for variables, and .env before it is there", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "gantry-files-"));
  const files = {
    "compose.yaml":
      "include: [inc.yaml]\nservices: { a: { image: x, env_file: a.env, extends: { file: base.yaml, service: b } } }\n",
    "inc.yaml": "services: { c: { image: y } }\n",
    "base.yaml": "services: { b: { labels: { l: v } } }\n",
    "a.env": "A=1\n",
    "unrelated.yaml": "",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const loaded = await load({ cwd: folder, environment: {} });
  rmSync(folder, { recursive: true });
  expect(
    filesOf(loaded)
      .map((file) => path.relative(folder, file))
      .sort(),
  ).toEqual([".env", "a.env", "base.yaml", "compose.yaml", "inc.yaml"]);
});
