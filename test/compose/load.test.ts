import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { load } from "../../src/compose/load.ts";

async function namesOf(text: string, flags: { readonly copy?: string } = {}): Promise<readonly string[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "gantry-load-"));
  const names: string[] = [];
  const named = async (name: string) => void names.push(name);
  writeFileSync(path.join(folder, "compose.yaml"), text);
  await load({ cwd: folder, environment: new Map(), named, ...flags }).catch(() => names.push("an error"));
  rmSync(folder, { recursive: true });
  return names;
}

it("tells the project's name, a copy's own one, as soon as the files are read", async () => {
  expect(await namesOf("{ name: shop, services: { a: { image: x } } }")).toEqual(["shop"]);
  expect(await namesOf("{ name: shop, services: { a: { image: x } } }", { copy: "two" })).toEqual(["shop-two"]);
  expect(await namesOf("{ name: shop, services: { a: { imge: x } } }")).toEqual(["shop", "an error"]);
});
