/**
 * What BuildKit makes of a Dockerfile, recorded, and what we make of it. Recorded anew from an engine with
 * `GANTRY_BUILD_ORACLE=unix:///path vitest run test/engine/build/oracle` (docker with buildx on the PATH).
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packContext } from "../../../src/engine/build-context.ts";
import { drain } from "../images/room.ts";
import { type BuildStand, openBuildStand } from "./stand.ts";

const directory = path.join(import.meta.dirname, "oracle");
const oracle = process.env.GANTRY_BUILD_ORACLE;

let stand: BuildStand;
beforeAll(async () => {
  stand = await openBuildStand();
});
afterAll(() => stand.remove());

interface Case {
  readonly dockerfile: string;
  /** A shell script that makes the context. */
  readonly context: string;
  /** Flags of `docker build`: `--target x`, `--build-arg A=b`, `--label k=v`. */
  readonly flags: readonly string[];
  /** Not where the language that is built into dockerd does not have it: what is expected then was checked by hand. */
  readonly isRecorded: boolean;
}

describe("an image as BuildKit makes it", () => {
  for (const file of readdirSync(directory).sort()) {
    const place = path.join(directory, file);
    const text = readFileSync(place, "utf8");
    it(text.slice(0, text.indexOf("\n")), async () => {
      const given = text.slice(0, text.includes("-- config --\n") ? text.indexOf("-- config --\n") : text.length);
      const context = mkdtempSync(path.join(tmpdir(), "gantry-oracle-"));
      try {
        const one = readCase(given);
        mkdirSync(context, { recursive: true });
        writeFileSync(path.join(context, "Dockerfile"), one.dockerfile);
        execFileSync("sh", ["-ec", `cp /bin/busybox .\n${one.context}`], { cwd: context });
        if (oracle !== undefined && one.isRecorded)
          writeFileSync(place, given + (await recorded(context, one, oracle)));
        else if (oracle !== undefined) writeFileSync(place, given + (await ours(context, one)));
        else expect(given + (await ours(context, one))).toBe(text);
      } finally {
        rmSync(context, { recursive: true });
      }
    });
  }
});

function readCase(text: string): Case {
  const parts = text.split(/^-- (.+) --\n/m).slice(1);
  const sections = new Map(parts.flatMap((name, i) => (i % 2 === 0 ? [[name, parts[i + 1] ?? ""] as const] : [])));
  const flags = (sections.get("flags") ?? "").split(/\s+/).filter((flag) => flag !== "");
  const base = 'FROM scratch AS base\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n';
  const dockerfile = (sections.get("Dockerfile") ?? "").replace("# base\n", base);
  const isRecorded = !sections.has("beyond dockerd");
  return { dockerfile, context: sections.get("context") ?? "", flags, isRecorded };
}

async function ours(context: string, { flags }: Case): Promise<string> {
  const { stream } = await packContext({ context });
  const values = (flag: string) => flags.flatMap((one, i) => (one === flag ? [flags[i + 1] ?? ""] : []));
  const pairs = (flag: string) =>
    Object.fromEntries(
      values(flag).map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    );
  const lines = await drain(
    await stand.builds.calls.imageBuild({
      stream,
      t: ["ours"],
      networkmode: "none",
      buildargs: pairs("--build-arg"),
      labels: pairs("--label"),
      ...(values("--target")[0] !== undefined && { target: values("--target")[0] ?? "" }),
    }),
  );
  const error = lines.at(-1)?.error;
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
