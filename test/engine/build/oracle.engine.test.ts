/**
 * What BuildKit makes of a Dockerfile, recorded, and what we make of it. Recorded anew from an engine with
 * `GANTRY_BUILD_ORACLE=unix:///path vitest run test/engine/build/oracle` (docker with buildx on the PATH).
 */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drain } from "../images/room.ts";
import { buildCase, type Case, inContext } from "./case.ts";
import { type BuildStand, openBuildStand } from "./stand.ts";

const directory = path.join(import.meta.dirname, "oracle");
const oracle = process.env.GANTRY_BUILD_ORACLE;

let stand: BuildStand;
beforeAll(async () => {
  stand = await openBuildStand();
});
afterAll(() => stand.remove());

describe("an image as BuildKit makes it", () => {
  for (const file of readdirSync(directory).sort()) {
    const place = path.join(directory, file);
    const text = readFileSync(place, "utf8");
    it(text.slice(0, text.indexOf("\n")), async () => {
      const given = text.slice(0, text.includes("-- config --\n") ? text.indexOf("-- config --\n") : text.length);
      await inContext(given, async (context, one) => {
        if (oracle !== undefined && one.isRecorded)
          writeFileSync(place, given + (await recorded(context, one, oracle)));
        else if (oracle !== undefined) writeFileSync(place, given + (await ours(context, one)));
        else expect(given + (await ours(context, one))).toBe(text);
      });
    });
  }
});

async function ours(context: string, one: Case): Promise<string> {
  const error = await buildCase(stand, context, one);
  return error === undefined ? describeImage("ours") : `-- error --\n${error}\n`;
}

/** The oracle's image, saved there and loaded here, so that both are looked at in the same way. */
async function recorded(context: string, { flags }: Case, host: string): Promise<string> {
  const options = {
    env: { ...process.env, DOCKER_HOST: host },
    maxBuffer: 1 << 30,
    stdio: ["ignore", "pipe", "inherit"] as ["ignore", "pipe", "inherit"],
  };
  execFileSync(
    "docker",
    ["build", "--quiet", "--network=none", "--provenance=false", "--tag=oracle", ...flags, context],
    options,
  );
  await drain(await stand.room.calls.imageLoad({ stream: execFileSync("docker", ["save", "oracle"], options) }));
  return describeImage("oracle");
}

async function describeImage(name: string): Promise<string> {
  const { Config } = await stand.room.calls.imageInspect({ name });
  const history = await stand.room.calls.imageHistory({ name });
  const { config } = stand.room.catalog.find(name);
  const steps = config.history.map(
    ({ created_by, empty_layer }) => `${empty_layer === true ? "empty" : "layer"} ${created_by}`,
  );
  expect(history).toHaveLength(steps.length);
  const sorted = Object.fromEntries(Object.entries(Config ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const files = await stand.tree(name);
  return `-- config --\n${JSON.stringify(sorted, undefined, 1)}\n-- history --\n${steps.join("\n")}\n-- files --\n${files.join("\n")}\n`;
}
