/** Builds as text files: a context, a Dockerfile, flags. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { packContext } from "../../../src/engine/build-context.ts";
import { drain } from "../images/room.ts";
import type { BuildStand } from "./stand.ts";

export interface Case {
  readonly dockerfile: string;
  /** A shell script that makes the context. */
  readonly context: string;
  /** Flags of `docker build`: `--target x`, `--build-arg A=b`, `--label k=v`. */
  readonly flags: readonly string[];
  /** Not where the language that is built into dockerd does not have it: what is expected then was checked by hand. */
  readonly isRecorded: boolean;
}

/** Works in a directory that holds what the text says. */
export async function inContext<T>(text: string, work: (context: string, one: Case) => Promise<T>): Promise<T> {
  const context = mkdtempSync(path.join(tmpdir(), "gantry-oracle-"));
  try {
    const one = readCase(text);
    writeFileSync(path.join(context, "Dockerfile"), one.dockerfile);
    execFileSync("sh", ["-ec", `cp /bin/busybox .\n${one.context}`], { cwd: context });
    return await work(context, one);
  } finally {
    rmSync(context, { recursive: true });
  }
}

function readCase(text: string): Case {
  const parts = text.split(/^-- (.+) --\n/m).slice(1);
  const sections = new Map(parts.flatMap((name, i) => (i % 2 === 0 ? [[name, parts[i + 1] ?? ""] as const] : [])));
  const flags = (sections.get("flags") ?? "").split(/\s+/).filter((flag) => flag !== "");
  const base = 'FROM scratch AS base\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n';
  const dockerfile = (sections.get("Dockerfile") ?? "").replace("# base\n", base);
  const isRecorded = !sections.has("beyond dockerd");
  return { dockerfile, context: sections.get("context") ?? "", flags, isRecorded };
}

/** Builds a case as the image `ours`; its error, where it fails. */
export async function buildCase(stand: BuildStand, context: string, { flags }: Case): Promise<string | undefined> {
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
  return lines.at(-1)?.error;
}
