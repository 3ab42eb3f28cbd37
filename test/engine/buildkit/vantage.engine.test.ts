import { execFileSync } from "node:child_process";
import path from "node:path";
import { expect, it } from "vitest";
import { vantageOf } from "../../../src/engine/buildkit/vantage.ts";

const module = path.resolve(import.meta.dirname, "../../../src/engine/buildkit/vantage.ts");

/** What another process says, started by a command. */
function elsewhere(...command: readonly string[]): string {
  const program = `const { vantageOf } = await import(${JSON.stringify(module)}); process.stdout.write(String(vantageOf()));`;
  const [file = "", ...args] = [...command, process.execPath, "--input-type=module", "-e", program];
  return execFileSync(file, args, { encoding: "utf8" });
}

it("is the same for two processes that see the same files with the same rights, and for no others", () => {
  const here = vantageOf();
  expect(here).toMatch(/^[0-9a-f-]{36} mnt:\[\d+\] user:\[\d+\] \d+ \d+ \d+$/);
  expect(elsewhere()).toBe(here);
  expect(elsewhere("unshare", "--mount")).not.toBe(here);
  expect(elsewhere("unshare", "--user", "--map-root-user")).not.toBe(here);
  expect(elsewhere("setpriv", "--reuid=65534", "--clear-groups")).not.toBe(here);
});
