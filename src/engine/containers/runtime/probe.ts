/** Which OCI runtime there is, and how it has to be started on this host. */

import { access, constants, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { type CgroupLayout, findCgroups } from "./cgroups.ts";
import { plainEnvironment, run } from "./run.ts";
import { openLegacyView, plainView, readMountTable, type View } from "./view.ts";

export interface Probe {
  readonly name: "crun" | "runc";
  readonly path: string;
  /** `1.8.1`. */
  readonly version: string;
  readonly view: View;
  readonly layout: CgroupLayout;
  readonly conmon: { readonly path: string; readonly version: string };
  /** Why this one, in a sentence. */
  readonly why: string;
  /** What an administrator should know: known holes of old versions. */
  readonly warnings: readonly string[];
}

/** The first versions without the holes that are known (CVE-2025-31133, -52565, -52881; CVE-2026-41579, -47766, -30892). */
const safeVersions = { crun: ["1.28"], runc: ["1.2.8", "1.3.6"] } as const;

/**
 * crun, else runc: crun needs a third of the time. `folder` holds the view that crun needs on a hybrid layout of control
 * groups, and what the probe writes. Rejects when no runtime or no conmon works here, with what to do.
 */
export async function probeRuntime(folder: string): Promise<Probe> {
  const conmon = await findProgram("conmon");
  if (conmon === undefined) throw new Error("conmon is missing: install the package conmon");
  const { layout } = findCgroups(await readMountTable());
  const refusals: string[] = [];
  for (const name of ["crun", "runc"] as const) {
    const file = await findProgram(name);
    if (file === undefined) {
      refusals.push(`${name} is missing`);
      continue;
    }
    const legacy = name === "crun" && layout === "hybrid";
    const view = legacy ? await openLegacyView(path.join(folder, "view")) : plainView;
    const refusal = await view.within((enter) => tryRuntime(file, enter, folder));
    if (refusal !== undefined) {
      refusals.push(`${name}: ${refusal}`);
      continue;
    }
    const version = parseVersion((await run(file, ["--version"])).stdout);
    const how = legacy
      ? ", in a mount namespace without the version 2 control groups, which it refuses beside version 1"
      : "";
    return {
      name,
      path: file,
      version,
      view,
      layout,
      conmon: { path: conmon, version: parseVersion((await run(conmon, ["--version"])).stdout) },
      why: refusals.length === 0 ? `${name} works here${how}` : `${name} works here${how}; ${refusals.join("; ")}`,
      warnings: warnOfVersion(name, version),
    };
  }
  throw new Error(`no OCI runtime works here: ${refusals.join("; ")}. Install the package crun or runc`);
}

/** What is known to be wrong with a version; nothing where it is new enough. */
export function warnOfVersion(name: "crun" | "runc", version: string): readonly string[] {
  const safe = safeVersions[name];
  const ours = numbersOf(version);
  const isSafe = safe.some((least) => {
    const wanted = numbersOf(least);
    // A fix in one release line says nothing of another, but for the newest line.
    const sameLine = name === "crun" || least === safe.at(-1) || (ours[0] === wanted[0] && ours[1] === wanted[1]);
    return sameLine && compare(ours, wanted) >= 0;
  });
  if (isSafe) return [];
  return [`WARNING: ${name} ${version} has known security holes; install ${safe.join(" or ")} or newer`];
}

const numbersOf = (version: string) => version.split(/[.-]/).map((part) => Number.parseInt(part, 10) || 0);

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function parseVersion(text: string): string {
  return /version (\d+(?:\.\d+)*)/.exec(text)?.[1] ?? "0";
}

const findProgram = (name: string) =>
  findFile(plainEnvironment.PATH.split(":").map((folder) => path.join(folder, name)));

/** The first of these that can be executed or read; undefined where none is there. */
export async function findFile(candidates: readonly string[]): Promise<string | undefined> {
  for (const file of candidates) {
    const found = await access(file, constants.R_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  return undefined;
}

/** Creates a container of nothing and takes it away: what the runtime says against it, else undefined. */
async function tryRuntime(file: string, enter: readonly string[], folder: string): Promise<string | undefined> {
  const bundle = path.join(folder, "probe");
  const log = path.join(bundle, "log");
  const state = path.join(bundle, "state");
  const call = (verb: readonly string[]) => {
    const [program = file, ...args] = [...enter, file, "--root", state, "--log", log, ...verb];
    return run(program, args, { detached: true });
  };
  // A daemon that was killed here has left its probe.
  for (const left of await readdir(state).catch(() => [])) await call(["delete", "--force", left]);
  await rm(bundle, { recursive: true, force: true });
  await mkdir(path.join(bundle, "rootfs"), { recursive: true, mode: 0o700 });
  const id = `gantry-probe-${process.pid}`;
  await writeFile(path.join(bundle, "config.json"), JSON.stringify(probeSpec(id)));
  const created = await call(["create", "--bundle", bundle, id]);
  const words = await readFile(log, "utf8").catch(() => "");
  await call(["delete", "--force", id]);
  await rm(bundle, { recursive: true, force: true });
  return created.code === 0 ? undefined : (words.trim().split("\n").at(-1) ?? "it does not say why");
}

/** A process that is never started needs no program: only the namespaces and the control group are made. */
function probeSpec(id: string): unknown {
  const bounding = ["CAP_KILL"];
  return {
    ociVersion: "1.0.2",
    process: { args: ["/proc/self/exe"], cwd: "/", user: { uid: 0, gid: 0 }, capabilities: { bounding } },
    root: { path: "rootfs" },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=64k"] },
    ],
    linux: {
      namespaces: [{ type: "pid" }, { type: "mount" }, { type: "network" }],
      cgroupsPath: `/gantry/${id}`,
      resources: { pids: { limit: 16 } },
    },
  };
}
