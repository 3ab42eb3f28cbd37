/** The mounts of a RUN, from what the Dockerfile says to directories of this machine. */

import { execFile } from "node:child_process";
import { copyFile, lstat, mkdir } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { Span } from "../../errors.ts";
import type { StepMount } from "../daemon/rooms.ts";
import { fileIn } from "../images/unpack.ts";
import type { Build } from "./build.ts";
import { sourceStage } from "./copy-sources.ts";
import { complain } from "./dockerfile/complain.ts";
import type { RunMount } from "./run-mount.ts";
import { checksumOf, select } from "./select.ts";
import { asBytes, openView } from "./view.ts";

const run = promisify(execFile);

export interface OpenMounts {
  /** What the step's result depends on of them. */
  readonly keys: readonly unknown[];
  /** Makes them ready: when the step is really run. */
  take(): Promise<StepMount[]>;
  release(): Promise<void>;
}

/** `own`: the number of the stage. EngineError 400 for a source that is not there, and a secret that must be and is not. */
export async function openMounts(
  build: Build,
  own: number,
  mounts: readonly RunMount[],
  span: Span,
): Promise<OpenMounts> {
  const undo: (() => Promise<unknown>)[] = [];
  const keys: unknown[] = [];
  const makers: (() => Promise<StepMount>)[] = [];
  for (const mount of mounts) {
    const { type, target, from, source, required, size } = mount;
    if (type === "secret" || type === "ssh") {
      const what =
        type === "ssh" ? "an ssh agent" : `the secret "${mount.id ?? path.basename(target ?? source ?? "")}"`;
      if (required) throw complain(span, `RUN --mount: ${what} is required, but was not given to this build`);
      keys.push([type, mount.id, target]);
      continue;
    }
    if (target === undefined) continue;
    keys.push([type, target, source, mount.readOnly, mount.id, mount.uid, mount.gid, mount.mode, size]);
    if (type === "tmpfs") {
      makers.push(async () => ({ type, target, ...(size !== undefined && { size }) }));
      continue;
    }
    const stage = from === undefined ? undefined : await sourceStage(build, from, own);
    if (type === "bind") keys.push(stage?.diffIds ?? contextChecksum(build, source, span));
    else if (stage !== undefined) keys.push(stage.diffIds);
    const sourcePath = async (): Promise<string> => {
      const view =
        stage === undefined ? openView(await build.contextDirectory()) : await build.views.open(stage.diffIds);
      const inside = view.resolve(asBytes(source ?? "/"));
      if (inside !== "" && view.look(inside) === undefined)
        throw complain(span, `RUN --mount: "${source}" is not there`);
      return inside === "" ? view.root : fileIn(view.root, inside).toString("utf8");
    };
    if (type === "bind") {
      makers.push(async () => {
        const found = await sourcePath();
        const { readOnly } = mount;
        return { type, target, readOnly, source: readOnly ? found : await throwAway(build, found, undo) };
      });
    } else {
      makers.push(async () => {
        const { directory, release } = await build.cacheMounts.take({
          id: mount.id ?? target,
          sharing: mount.sharing,
          uid: mount.uid,
          gid: mount.gid,
          mode: mount.mode ?? 0o755,
          ...(stage !== undefined && { initial: await sourcePath() }),
        });
        undo.push(release);
        return { type: "bind", target, source: directory, readOnly: mount.readOnly };
      });
    }
  }
  return {
    keys,
    take: async () => {
      const made: StepMount[] = [];
      for (const make of makers) made.push(await make());
      return made;
    },
    release: async () => {
      for (const one of undo.reverse()) await one();
    },
  };
}

function contextChecksum(build: Build, source: string | undefined, span: Span): string {
  const options = { exclude: [], parents: false, keepOwners: false };
  const selected = select(build.context, asBytes(source ?? "/"), options);
  if (selected === undefined) throw complain(span, `RUN --mount: "${source}" is not in the build context`);
  return checksumOf(selected);
}

/** What is written there is for this step only. */
async function throwAway(build: Build, source: string, undo: (() => Promise<unknown>)[]): Promise<string> {
  const folder = build.temporary();
  await mkdir(folder, { mode: 0o700 });
  if (!(await lstat(source)).isDirectory()) {
    const copy = path.join(folder, "file");
    await copyFile(source, copy);
    return copy;
  }
  const [upper = "", work = "", merged = ""] = ["upper", "work", "merged"].map((name) => path.join(folder, name));
  for (const one of [upper, work, merged]) await mkdir(one);
  // Relative, for a colon in a path would end it.
  await run(
    "mount",
    [
      "-t",
      "overlay",
      "overlay",
      "-o",
      "lowerdir=.,upperdir=../upper,workdir=../work".replaceAll("../", `${folder}/`),
      merged,
    ],
    { cwd: source },
  );
  undo.push(() => run("umount", ["--lazy", merged]));
  return merged;
}
