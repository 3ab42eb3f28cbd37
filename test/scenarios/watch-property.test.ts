import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { idle, image, onEveryEngine } from "./harness.ts";
import { startWatching, untilEqual } from "./watching.ts";

const compose = `
services:
  web:
    image: "${image}"
    command: ${idle}
    network_mode: none
    develop: { watch: [{ action: sync, path: src, target: /app, initial_sync: true }] }
`;

const place = fc
  .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 })
  .map((parts) => path.join(...parts));
const operation = fc.oneof(
  fc.record({ op: fc.constant("write" as const), at: place, text: fc.string({ maxLength: 20 }) }),
  fc.record({ op: fc.constant("mkdir" as const), at: place }),
  fc.record({ op: fc.constant("remove" as const), at: place }),
  fc.record({ op: fc.constant("rename" as const), at: place, to: place }),
  fc.record({ op: fc.constant("link" as const), at: place, to: fc.constantFrom("a", "nowhere", "../x") }),
  fc.record({ op: fc.constant("chmod" as const), at: place, mode: fc.constantFrom(0o600, 0o644, 0o755) }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** Does what can be done; what cannot (a directory in the way, nothing there) is left out. */
function carryOut(folder: string, step: Operation): void {
  const file = path.join(folder, step.at);
  try {
    if (step.op === "write") {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, step.text);
    } else if (step.op === "mkdir") mkdirSync(file, { recursive: true });
    else if (step.op === "remove") rmSync(file, { recursive: true });
    else if (step.op === "rename") renameSync(file, path.join(folder, step.to));
    else if (step.op === "link") symlinkSync(step.to, file);
    else chmodSync(file, step.mode);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

onEveryEngine("watch, whatever is done to files", (scenario) => {
  scenario(
    "once it is quiet, the container holds what the folder holds",
    { "compose.yaml": compose, "src/a": "1" },
    async (stack) => {
      await using watching = await startWatching(stack);
      const folder = path.join(stack.folder, "src");
      // The same ones on every run, unless more are asked for.
      const asked = process.env.GANTRY_FUZZ_RUNS;
      const runs = asked === undefined ? { numRuns: 20, seed: 20_260_901 } : { numRuns: Number(asked) };
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 15 }), async (steps) => {
          for (const step of steps) carryOut(folder, step);
          await untilEqual(stack, watching, "web-1", { from: "src", to: "/app" });
        }),
        { ...runs, endOnFailure: true },
      );
    },
  );
});
