/** Descriptors that this process was started with. */

import { closeSync, readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";

/** O_CLOEXEC as /proc shows it: octal. */
const closeOnExec = 0o2000000;

/**
 * Closes every descriptor from 3 on that a child would inherit, but for those in `keep`. Whoever started us may have left
 * some open, and an old runtime would hand them to containers: a way out of them (CVE-2024-21626).
 * Source: proc(5), /proc/pid/fdinfo.
 */
export function closeInherited(keep: readonly number[] = []): void {
  const own = certificatesFile();
  for (const name of readdirSync("/proc/self/fdinfo")) {
    const descriptor = Number(name);
    if (descriptor < 3 || keep.includes(descriptor)) continue;
    const flags = readFlags(name);
    if (flags === undefined || (flags & closeOnExec) !== 0) continue;
    const path = pathOf(name);
    if (path === undefined || path === own) continue;
    closeIfOpen(descriptor);
  }
}

/** Node's own threads open and close files meanwhile: what is gone already needs no closing. */
function closeIfOpen(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EBADF")) throw error;
  }
}

/** The flags of a descriptor, or undefined: the one that listed the folder is gone by now. */
function readFlags(name: string): number | undefined {
  try {
    const [, octal] = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, "utf8")) ?? [];
    return octal === undefined ? undefined : Number.parseInt(octal, 8);
  } catch {
    return undefined;
  }
}

/**
 * What Node itself may be reading at this moment, in a thread of its own and without O_CLOEXEC. Closed beneath it, the
 * certificates would be lost, and the thread would later close whatever has that number then.
 */
function certificatesFile(): string | undefined {
  const { NODE_EXTRA_CA_CERTS: file = "" } = process.env;
  if (file === "") return undefined;
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}

function pathOf(name: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${name}`);
  } catch {
    return undefined;
  }
}
