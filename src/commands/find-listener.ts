import { readdir, readFile, readlink } from "node:fs/promises";

/** `st` of a listening socket in /proc/net/tcp. Source: Linux, include/net/tcp_states.h. */
const listening = "0A";

/**
 * The process of this machine that listens on a TCP port, `nginx (process 4711)`, as far as this user may see it. Only
 * Linux tells; elsewhere, and where none is seen, undefined.
 */
export async function findListener(port: number): Promise<string | undefined> {
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(`/proc/net/${name}`, "utf8").catch(() => "")),
  );
  const inodes = new Set(tables.flatMap((table) => listenersIn(table, port)));
  if (inodes.size === 0) return undefined;
  const processes = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  for (const id of processes) {
    if (!(await holdsOne(id, inodes))) continue;
    const name = await readFile(`/proc/${id}/comm`, "utf8").catch(() => "");
    return `${name.trim() || "a process"} (process ${id})`;
  }
  return undefined;
}

/** The inodes of the sockets in a table of /proc/net that listen on a port. Source: proc_net_tcp(5). */
export function listenersIn(table: string, port: number): readonly string[] {
  return table.split("\n").flatMap((line) => {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    const isIt = state === listening && Number.parseInt(local.split(":")[1] ?? "", 16) === port;
    return isIt && inode !== undefined ? [inode] : [];
  });
}

async function holdsOne(id: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await readdir(`/proc/${id}/fd`).catch(() => []);
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/${id}/fd/${fd}`).catch(() => "")));
  return targets.some((target) => inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? ""));
}
