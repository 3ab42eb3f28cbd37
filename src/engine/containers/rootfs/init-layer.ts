/** The layer below every image's: what the runtime mounts upon, so that a container's own layer has none of it. */

import { mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";

const folders = ["dev/pts", "dev/shm", "etc", "proc", "sys"];
const files = [".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/resolv.conf"];

/**
 * Makes it, or what is missing of it. An image that has one of these itself keeps its own, with its owner and mode.
 * `.dockerenv` is what programs look for to know that they are in a container. Source: moby, daemon/initlayer/setup_unix.go.
 */
export async function makeInitLayer(folder: string): Promise<void> {
  for (const name of folders) await mkdir(path.join(folder, name), { recursive: true, mode: 0o755 });
  for (const name of files) await writeFile(path.join(folder, name), "", { mode: 0o755 });
  await symlink("/proc/mounts", path.join(folder, "etc/mtab")).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}
