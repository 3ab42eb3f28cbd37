/** Programs that keep credentials: `docker-credential-<name>`. Source: docker/docker-credential-helpers, README. */

import { execFile } from "node:child_process";
import type { Environment } from "./docker-config.ts";

export interface ProgramAnswer {
  readonly ok: boolean;
  /** What it printed. It may be secret, and goes into no message unless the program failed. */
  readonly output: string;
}

/** One question; `input`: what it reads. A program that is missing, or whose name is none, has failed. */
export function askProgram(
  name: string,
  verb: "get" | "list" | "store" | "erase",
  input: string,
  environment: Environment,
): Promise<ProgramAnswer> {
  // The name becomes part of a program's name; a path in it would run something else.
  if (!/^[\w.-]+$/.test(name)) return Promise.resolve({ ok: false, output: `"${name}" is not the name of a program` });
  return new Promise((resolve) => {
    const env = Object.fromEntries(environment);
    const child = execFile(`docker-credential-${name}`, [verb], { env }, (error, output) => {
      resolve({ ok: error === null, output: error === null ? output : output.trim() || error.message });
    });
    // A program that ends without reading is judged by its exit code.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}
