/** Mounts and unmounts; those that are asked for together are carried out by one program. */

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { run } from "./run.ts";

export interface MountRequest {
  /** `overlay`, `tmpfs`, `bind` (a bind mount with what is below it), `ext4` … */
  readonly type: string;
  readonly source: string;
  /** A directory, or for a bind mount of a file a file; it must be there. */
  readonly target: string;
  /** mount(8)'s own, without commas in a value unless quoted. */
  readonly options: readonly string[];
}

export interface Mounter {
  /** Resolves when it is mounted; rejects with mount(8)'s words. */
  mount(request: MountRequest): Promise<void>;
  /** Resolves when it is mounted no longer; what was not mounted is no error. What is still in use is detached. */
  unmount(target: string): Promise<void>;
}

/** `folder`: where lists of mounts are written for mount(8); made where it is missing. */
export async function openMounter(folder: string): Promise<Mounter> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  let lists = 0;

  const mountAll = async (requests: readonly MountRequest[]): Promise<readonly (Error | undefined)[]> => {
    const [first] = requests;
    if (first === undefined) return [];
    if (requests.length === 1) return [await mountOne(first)];
    const list = path.join(folder, `mounts-${++lists}`);
    await writeFile(list, requests.map(renderFstabLine).join(""), { mode: 0o600 });
    const { code } = await run("mount", ["--all", "--fstab", list]);
    await rm(list, { force: true });
    if (code === 0) return requests.map(() => undefined);
    // Some failed: the others are there, and each that is not says for itself why.
    const mounted = new Set((await readFile("/proc/self/mountinfo", "utf8")).split("\n").map(targetOf));
    return Promise.all(
      requests.map((request) =>
        mounted.has(escapePath(request.target)) ? Promise.resolve(undefined) : mountOne(request),
      ),
    );
  };

  const unmountAll = async (targets: readonly string[]): Promise<readonly (Error | undefined)[]> => {
    const { code, stderr } = await run("umount", ["--lazy", "--no-mtab", "--", ...targets]);
    if (code === 0) return targets.map(() => undefined);
    const lines = stderr
      .split("\n")
      .filter((line) => line !== "" && !/not mounted|no mount point|not found/.test(line));
    return targets.map((target) => {
      const mine = lines.filter((line) => line.includes(target));
      return mine.length === 0 ? undefined : new Error(mine.join("\n"));
    });
  };

  const mount = batch(mountAll);
  const unmount = batch(unmountAll);
  return { mount, unmount };
}

async function mountOne({ type, source, target, options }: MountRequest): Promise<Error | undefined> {
  const kind = type === "bind" ? ["--rbind"] : ["-t", type];
  const flags = options.length === 0 ? [] : ["-o", options.join(",")];
  const { code, stderr } = await run("mount", ["--no-mtab", ...kind, ...flags, "--", source, target]);
  return code === 0 ? undefined : new Error(stderr.trim() || `mount ended with code ${code}`);
}

/** A line of fstab(5). */
export function renderFstabLine({ type, source, target, options }: MountRequest): string {
  const all = type === "bind" ? ["rbind", ...options] : options;
  const fields = [source, target, type === "bind" ? "none" : type, all.length === 0 ? "defaults" : all.join(",")];
  return `${fields.map(escapePath).join(" ")} 0 0\n`;
}

/** As fstab(5) and mountinfo write what would end a field. */
function escapePath(text: string): string {
  return text.replaceAll(/[ \t\n\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

const targetOf = (line: string) => line.split(" ")[4] ?? "";

/** Takes requests one by one and hands on, all at once, those that came while the ones before were carried out. */
function batch<T>(work: (requests: readonly T[]) => Promise<readonly (Error | undefined)[]>): (r: T) => Promise<void> {
  let waiting: { readonly request: T; readonly settle: (error: Error | undefined) => void }[] = [];
  let running = false;
  const drain = async () => {
    running = true;
    // What the same turn of the event loop asks for goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const taken = waiting;
      waiting = [];
      const errors = await work(taken.map(({ request }) => request)).catch((error: unknown) =>
        taken.map(() => (error instanceof Error ? error : new Error(String(error)))),
      );
      for (const [index, { settle }] of taken.entries()) settle(errors[index]);
    }
    running = false;
  };
  return (request) =>
    new Promise((resolve, reject) => {
      waiting.push({ request, settle: (error) => (error === undefined ? resolve() : reject(error)) });
      if (!running) void drain();
    });
}
