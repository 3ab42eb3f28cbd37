/** What the kernel holds of an arena: processes, mounts, links, control groups, the firewall, sockets. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";

const read = (file) => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
};

const list = (folder) => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

/** All processes: `{ pid, parent, state, args }`. */
export function processes() {
  return list("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const stat = read(`/proc/${pid}/stat`);
      if (stat === "") return [];
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const args = read(`/proc/${pid}/cmdline`).split("\0");
      return [{ pid: Number(pid), parent: Number(parent), state, args }];
    });
}

/** IDs of the containers whose conmon runs; one for each process. */
export function monitorsOf({ execRoot }) {
  const exits = path.join(execRoot, "exits");
  return processes()
    .filter(({ args }) => args[0]?.endsWith("conmon") && args.includes(exits))
    .map(({ pid, state, args }) => ({ pid, state, id: args[args.indexOf("--cid") + 1] }));
}

/** The mounts below a folder: `{ target, type, deleted }`. */
export function mountsBelow(folder) {
  return read("/proc/self/mountinfo")
    .split("\n")
    .flatMap((line) => {
      const fields = line.split(" ");
      const target = fields[4] ?? "";
      if (target !== folder && !target.startsWith(`${folder}/`)) return [];
      return [{ target: target.replace(/\\040\(deleted\)$|\/\/deleted$/, ""), deleted: line.includes("//deleted") }];
    });
}

/** Links that bear an engine's mark: `{ name, master, state }`. */
export function linksOf(group) {
  const text = execFileSync("ip", ["-json", "link", "show", "group", String(group)], { encoding: "utf8" }).trim();
  if (text === "") return [];
  // Links of other groups are listed as empty objects.
  const links = JSON.parse(text).filter(({ ifname }) => ifname !== undefined);
  return links.map(({ ifname: name, master, operstate: state }) => ({ name, master, state }));
}

const hierarchies = () =>
  read("/proc/self/mountinfo")
    .split("\n")
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(" ")[4]);

/** The IDs that have a control group in any hierarchy, and those that are frozen. */
export function groupsOf(parent) {
  const found = new Set();
  const frozen = new Set();
  for (const mount of hierarchies()) {
    for (const name of list(path.join(mount, parent))) {
      if (!/^[0-9a-f]{64}$/.test(name)) continue;
      found.add(name);
      const folder = path.join(mount, parent, name);
      if (read(path.join(folder, "freezer.state")).startsWith("FROZEN")) frozen.add(name);
      if (read(path.join(folder, "cgroup.freeze")).startsWith("1")) frozen.add(name);
    }
  }
  return { found, frozen };
}

/** The processes of a container, by its control group. */
export function membersOf(parent, id) {
  for (const mount of hierarchies()) {
    const pids = read(path.join(mount, parent, id, "cgroup.procs"))
      .split("\n")
      .filter(Boolean)
      .map(Number);
    if (pids.length > 0) return pids;
  }
  return [];
}

/** Our table as nft lists it, or as it would list `ruleset` in a namespace that has nothing else. */
export function listTable(name, ruleset) {
  const command = 'nft list table inet "$0"';
  if (ruleset === undefined) return execFileSync("nft", ["list", "table", "inet", name], { encoding: "utf8" });
  const program = `nft -f - && ${command}`;
  return execFileSync("unshare", ["--net", "sh", "-c", program, name], { input: ruleset, encoding: "utf8" });
}

/** What a process has open, how many threads it has, and its memory in MiB: resident, and its share of what many have. */
export function weigh(pid) {
  const status = read(`/proc/${pid}/status`);
  const number = (key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
  const share = /^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0;
  return {
    descriptors: list(`/proc/${pid}/fd`).length,
    threads: number("Threads"),
    memory: number("VmRSS") / 1024,
    share: Number(share) / 1024,
  };
}

/** Listening TCP ports of a process, on any address: `address:port`. */
export function listening(pid) {
  const inodes = new Set(
    list(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  return ["tcp", "tcp6"].flatMap((kind) =>
    read(`/proc/${pid}/net/${kind}`)
      .split("\n")
      .slice(1)
      .flatMap((line) => {
        const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
        return state === "0A" && inodes.has(inode) ? [Number.parseInt(local.split(":")[1], 16)] : [];
      }),
  );
}

/** Files below a folder whose names say that they were only for a moment. */
export function leftovers(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: false, withFileTypes: true }).flatMap((entry) => {
    const here = path.join(folder, entry.name);
    if (entry.name.startsWith(".tmp-")) return [here];
    // Layers and containers hold what images and programs put there.
    if (!entry.isDirectory()) return [];
    return /^[0-9a-f]{32,64}$/.test(entry.name) ? leftovers(path.join(here, "files")) : leftovers(here);
  });
}
