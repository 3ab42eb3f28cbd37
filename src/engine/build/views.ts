/** Stacks of layers as directories, for one build: mounted where they are more than one. */

import { execFile } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { Layers } from "../images/layers.ts";
import { openView, type View } from "./view.ts";

const run = promisify(execFile);

export interface Views {
  /** The files that a stack shows. Valid until `close`. */
  open(diffIds: readonly string[]): Promise<View>;
  close(): Promise<void>;
}

/** `folder`: where they are mounted; made where it is missing. */
export function openViews(layers: Layers, folder: string): Views {
  const open = new Map<string, Promise<View>>();
  const mounted: string[] = [];

  const make = async (diffIds: readonly string[], place: number): Promise<View> => {
    const directories = layers.stack(diffIds);
    const [only] = directories;
    if (directories.length === 1 && only !== undefined) return openView(only);
    const target = path.join(folder, String(place));
    await mkdir(target, { recursive: true, mode: 0o700 });
    if (directories.length > 1) {
      // By their names alone, for mount(2) takes one page of options.
      const home = path.dirname(only ?? folder);
      const names = directories.map((directory) => path.relative(home, directory)).toReversed();
      await run("mount", ["-t", "overlay", "overlay", "-o", `ro,lowerdir=${names.join(":")}`, target], { cwd: home });
      mounted.push(target);
    }
    return openView(target);
  };

  return {
    open: (diffIds) => {
      const key = diffIds.join(" ");
      const known = open.get(key) ?? make(diffIds, open.size);
      open.set(key, known);
      return known;
    },
    close: async () => {
      await Promise.allSettled(open.values());
      if (mounted.length > 0) await run("umount", ["--lazy", ...mounted]);
    },
  };
}

/** Unmounts all that is mounted below a folder: what a daemon that was killed left. */
export async function unmountBelow(folder: string): Promise<void> {
  const table = await readFile("/proc/self/mountinfo", "utf8");
  const targets = table
    .split("\n")
    .map((line) =>
      (line.split(" ")[4] ?? "").replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8))),
    )
    .filter((target) => target.startsWith(`${folder}/`));
  if (targets.length > 0) await run("umount", ["--lazy", ...targets.reverse()]);
}
