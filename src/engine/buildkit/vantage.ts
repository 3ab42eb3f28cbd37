/** From where a process sees files: what tells whether two of them see the same ones. */

import { readFileSync, readlinkSync, statSync } from "node:fs";

/**
 * The boot of the machine, the mount and user namespaces, the root directory and the user. Equal for two processes that see the
 * same file under the same path, and may do the same with it; undefined where that cannot be told. Source: namespaces(7).
 */
export function vantageOf(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const namespaces = ["mnt", "user"].map((kind) => readlinkSync(`/proc/self/ns/${kind}`));
    const { dev, ino } = statSync("/");
    return [boot, ...namespaces, dev, ino, process.geteuid?.()].join(" ");
  } catch {
    return undefined;
  }
}
