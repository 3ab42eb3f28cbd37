/**
 * Builds that cannot be, and what is said of them: the file, the line, what is wrong, what to do. BuildKit refuses them too,
 * in the words recorded beside ours (`GANTRY_BUILD_ORACLE=unix:///path UPDATE=1 vitest run test/engine/build/refused`).
 */

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readMountTable } from "../../../src/engine/containers/runtime/view.ts";
import { buildCase, inContext } from "./case.ts";
import { type BuildStand, openBuildStand } from "./stand.ts";

const directory = path.join(import.meta.dirname, "refused");
const oracle = process.env.GANTRY_BUILD_ORACLE;

let stand: BuildStand;
beforeAll(async () => {
  stand = await openBuildStand();
});
afterAll(() => stand.remove());

describe("a build that cannot be is refused", () => {
  for (const file of readdirSync(directory).sort()) {
    const place = path.join(directory, file);
    const text = readFileSync(place, "utf8");
    it(text.slice(0, text.indexOf("\n")), async () => {
      const end = text.search(/^-- (?:BuildKit|error) --$/m);
      const given = end === -1 ? text : text.slice(0, end);
      await inContext(given, async (context, one) => {
        const known = /^-- BuildKit --\n.*?(?=^-- error --$)/ms.exec(text)?.[0] ?? "";
        const theirs = oracle === undefined || !one.isRecorded ? known : wordsOf(oracle, context, one.flags);
        const error = await buildCase(stand, context, one).catch((thrown: Error) => thrown.message);
        const actual = `${given}${theirs}-- error --\n${error ?? "it is built"}\n`;
        if (process.env.UPDATE === "1") writeFileSync(place, actual);
        else expect(actual).toBe(text);
      });
      await expect(stand.room.calls.imageInspect({ name: "ours" })).rejects.toThrow("No such image");
      await expectNothingLeft();
    });
  }
});

async function expectNothingLeft(): Promise<void> {
  const { dataRoot } = stand.ground;
  expect(await readdir(path.join(dataRoot, "builds/running"))).toEqual([]);
  expect((await readdir(path.join(dataRoot, "exec/containers"))).filter((name) => name.length === 64)).toEqual([]);
  const targets = (await readMountTable()).map(({ target }) => target);
  expect(targets.filter((target) => target.startsWith(`${dataRoot}/builds/`))).toEqual([]);
}

function wordsOf(host: string, context: string, flags: readonly string[]): string {
  const words = ["build", "--quiet", "--network=none", "--provenance=false", "--tag=oracle-refused", ...flags, context];
  const { status, stderr } = spawnSync("docker", words, {
    encoding: "utf8",
    env: { ...process.env, DOCKER_HOST: host },
  });
  const said = stderr.split("\n").findLast((line) => line.startsWith("ERROR: ")) ?? stderr.trim();
  return `-- BuildKit --\n${status === 0 ? "it is built" : said.replace(/ref [-0-9a-z:]+: /, "ref: ")}\n`;
}
