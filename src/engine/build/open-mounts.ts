/** The mounts of a RUN, from what the Dockerfile says to directories of this machine. */

import { execFile } from "node:child_process";
import { copyFile, lstat, mkdir } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { Span } from "../../errors.ts";
import type { Progress } from "../api.ts";
import type { StepMount } from "../daemon/rooms.ts";
import { fileIn } from "../images/place-file.ts";
import { listenForAgent } from "./agent-mount.ts";
import type { Build } from "./build.ts";
import { complain } from "./dockerfile/complain.ts";
import { type Origin, originOf } from "./origin.ts";
import type { RunMount } from "./run-mount.ts";
import { secretMount } from "./secret-mount.ts";
import { checksumOf, select } from "./select.ts";
import { asBytes, openView } from "./view.ts";

const run = promisify(execFile);

export interface OpenMounts {
  /** What the step's result depends on of them. */
  readonly keys: readonly unknown[];
  /** Makes them ready: when the step is really run. */
  take(): Promise<TakenMounts>;
  release(): Promise<void>;
}

export interface TakenMounts {
  readonly mounts: StepMount[];
  /** `NAME=value`: secrets that are given as variables, and where an agent listens. */
  readonly env: string[];
}

/** What one mount adds to a step. */
export interface TakenMount {
  readonly mount?: StepMount;
  readonly env?: string;
}

/** How what was made for a step is taken away after it. */
export type Undo = (() => Promise<unknown>)[];

interface Place {
  /** The number of the stage. */
  readonly own: number;
  readonly span: Span;
  readonly tell: (line: Progress) => void;
}

/** EngineError 400 for a source that is not there, and a secret that must be and is not. */
export async function openMounts(build: Build, mounts: readonly RunMount[], place: Place): Promise<OpenMounts> {
  const { own, span, tell } = place;
  const undo: Undo = [];
  const keys: unknown[] = [];
  const makers: (() => Promise<TakenMount>)[] = [];
  for (const mount of mounts) {
    const { type, target, from, source, size } = mount;
    if (type === "secret" || type === "ssh") {
      keys.push([type, mount.id, target, mount.env]);
      makers.push(() =>
        type === "secret" ? secretMount(build, mount, span, undo) : listenForAgent(build, mount, span, undo),
      );
      continue;
    }
    if (target === undefined) continue;
    keys.push([type, target, source, mount.readOnly, mount.id, mount.uid, mount.gid, mount.mode, size]);
    if (type === "tmpfs") {
      makers.push(async () => ({ mount: { type, target, ...(size !== undefined && { size }) } }));
      continue;
    }
    const origin = from === undefined ? undefined : await originOf(build, from, own, tell);
    if (type === "bind") keys.push(await contentKey(build, origin, source, span));
    else if (origin !== undefined) keys.push(origin.kind === "layers" ? origin.stage.diffIds : "files");
    const sourcePath = async (): Promise<string> => {
      const view =
        origin?.kind === "layers"
          ? await build.views.open(origin.stage.diffIds)
          : openView(await build.directoryOf(origin?.tree ?? (await build.context())));
      const inside = view.resolve(asBytes(source ?? "/"));
      if (inside !== "" && view.look(inside) === undefined)
        throw complain(span, `RUN --mount: "${source}" is not there`);
      return inside === "" ? view.root : fileIn(view.root, inside).toString("utf8");
    };
    if (type === "bind") {
      makers.push(async () => {
        const found = await sourcePath();
        const { readOnly } = mount;
        return { mount: { type, target, readOnly, source: readOnly ? found : await throwAway(build, found, undo) } };
      });
    } else {
      makers.push(async () => {
        const { directory, release } = await build.cacheMounts.take({
          id: mount.id ?? target,
          sharing: mount.sharing,
          uid: mount.uid,
          gid: mount.gid,
          mode: mount.mode ?? 0o755,
          ...(origin !== undefined && { initial: { directory: await sourcePath(), key: initialKey(origin, source) } }),
        });
        undo.push(release);
        return { mount: { type: "bind", target, source: directory, readOnly: mount.readOnly } };
      });
    }
  }
  return {
    keys,
    take: async () => {
      const taken: TakenMounts = { mounts: [], env: [] };
      for (const make of makers) {
        const { mount, env } = await make();
        if (mount !== undefined) taken.mounts.push(mount);
        if (env !== undefined) taken.env.push(env);
      }
      return taken;
    },
    release: async () => {
      for (const one of undo.reverse()) await one();
    },
  };
}

const initialKey = (origin: Origin, source = "/"): string =>
  JSON.stringify([origin.kind === "layers" ? origin.stage.diffIds : "files", source]);

async function contentKey(
  build: Build,
  origin: Origin | undefined,
  source: string | undefined,
  span: Span,
): Promise<unknown> {
  if (origin?.kind === "layers") return origin.stage.diffIds;
  const options = { exclude: [], parents: false, keepOwners: false };
  const selected = select(origin?.tree ?? (await build.context()), asBytes(source ?? "/"), options);
  if (selected === undefined) throw complain(span, `RUN --mount: "${source}" is not in the build context`);
  return checksumOf(selected);
}

/** What is written there is for this step only. */
async function throwAway(build: Build, source: string, undo: Undo): Promise<string> {
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
