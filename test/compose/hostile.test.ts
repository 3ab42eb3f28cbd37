import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { codes } from "../../src/compose/codes.ts";
import { hostileProjects } from "./hostile.ts";
import type { Answer } from "./hostile-run.ts";

/** In characters. What is quadratic or worse does not end in time at this size either; `npm run fuzz` takes 1 MiB. */
const size = 2 ** 17;

/** In MiB, of the 256 that gantry may take in all. A process that needs more ends, and answers nothing. */
const heap = 160;

const child = spawnSync(
  process.execPath,
  [
    "--max-semi-space-size=8",
    `--max-old-space-size=${heap}`,
    join(import.meta.dirname, "hostile-run.ts"),
    String(size),
  ],
  { encoding: "utf8", timeout: 240_000, maxBuffer: 2 ** 26 },
);
const lines = child.stdout.split("\n").filter((line) => line !== "");

describe("a hostile project", () => {
  const answers = new Map(lines.map((line): [string, Answer] => [JSON.parse(line).name, JSON.parse(line)]));

  it.each([...hostileProjects(16).keys()])("is answered: %s", (name) => {
    const answer = answers.get(name);
    expect(["model", ...codes]).toContain(answer?.outcome ?? child.stderr);
    // Processor time, not time on the clock: how busy the machine is does not count.
    expect(answer?.time).toBeLessThan(2000);
    expect(answer?.shown).toBeLessThan(100_000);
  });

  it("leaves the prototypes as they are", () => {
    expect(JSON.parse(lines.at(-1) ?? "{}")).toEqual({ polluted: false });
  });
});
