/** What the embedded engine needs of its host, and whether it is there. Reading and judging are apart. */

import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

/** A host as it was found. */
export interface HostFacts {
  readonly platform: string;
  readonly root: boolean;
  /** `6.1.0-18-amd64`. */
  readonly kernel: string;
  /** `hybrid`: version 1 controllers, and a version 2 hierarchy that holds some too. */
  readonly cgroups: "v1" | "v2" | "hybrid" | "none";
  /** The file systems that the kernel knows by now. */
  readonly filesystems: ReadonlySet<string>;
  /** Program → its path, for those that were found. */
  readonly programs: ReadonlyMap<string, string>;
  /** Runtime → what it says its version is. */
  readonly versions: ReadonlyMap<string, string>;
  /** The seccomp profile that was found. */
  readonly seccompProfile?: string;
}

export interface Finding {
  readonly state: "ok" | "warning" | "missing";
  readonly what: string;
  /** What it is good for, or what to do. */
  readonly hint?: string;
  /** Debian packages that mend it. */
  readonly packages?: readonly string[];
}

interface Need {
  readonly program: string;
  readonly packages: readonly string[];
  readonly why: string;
}

const needs: readonly Need[] = [
  { program: "conmon", packages: ["conmon"], why: "holds each container's streams and exit code" },
  { program: "nft", packages: ["nftables"], why: "keeps networks apart and publishes ports" },
  { program: "ip", packages: ["iproute2"], why: "makes networks" },
  { program: "mount", packages: ["mount"], why: "mounts root file systems and volumes" },
  { program: "nsenter", packages: ["util-linux"], why: "enters namespaces" },
  { program: "unshare", packages: ["util-linux"], why: "makes namespaces" },
  { program: "flock", packages: ["util-linux"], why: "lets only one daemon use a data root" },
  { program: "perl", packages: ["perl-base"], why: "relays what is typed into containers" },
  { program: "tar", packages: ["tar"], why: "unpacks layers" },
];

/** The profiles of containers-common, which podman uses too. */
const seccompProfiles = ["/usr/share/containers/seccomp.json", "/etc/containers/seccomp.json"];

/** Programs that are of use, but not needed. */
const wishes: readonly Need[] = [
  { program: "ps", packages: ["procps"], why: "`top` lists a container's processes with it" },
  { program: "tini-static", packages: ["tini"], why: "`init: true` runs it as a container's first process" },
];

/** Below these versions runtimes have known ways out of containers. */
const safeVersions = new Map([
  ["crun", "1.28"],
  ["runc", "1.2.8"],
]);

/** Judges a host: one finding for each need, in a fixed order. Pure. */
export function examineHost(facts: HostFacts): readonly Finding[] {
  return [
    facts.platform === "linux"
      ? { state: "ok", what: `Linux ${facts.kernel}` }
      : { state: "missing", what: `this is ${facts.platform}`, hint: "the embedded engine needs Linux" },
    facts.root ? { state: "ok", what: "root" } : { state: "missing", what: "not root", hint: "run gantry with sudo" },
    examineCgroups(facts.cgroups),
    facts.filesystems.has("overlay")
      ? { state: "ok", what: "overlay file system" }
      : { state: "missing", what: "no overlay file system", hint: "load it: modprobe overlay" },
    ...examineRuntimes(facts),
    ...needs.map((need) => examineProgram(need, facts, "missing")),
    facts.seccompProfile === undefined
      ? {
          state: "missing",
          what: "no seccomp profile",
          hint: "containers would be allowed every system call",
          packages: ["golang-github-containers-common"],
        }
      : { state: "ok", what: `seccomp profile ${facts.seccompProfile}` },
    ...wishes.map((need) => examineProgram(need, facts, "warning")),
  ];
}

/** The Debian packages that would mend what is missing, each once. */
export function packagesFor(findings: readonly Finding[]): readonly string[] {
  return [...new Set(findings.flatMap(({ packages = [], state }) => (state === "ok" ? [] : packages)))];
}

function examineCgroups(cgroups: HostFacts["cgroups"]): Finding {
  const what = {
    v1: "control groups, version 1",
    v2: "control groups, version 2",
    hybrid: "control groups, hybrid",
    none: "no control groups",
  };
  if (cgroups === "none") return { state: "missing", what: what.none, hint: "mount them below /sys/fs/cgroup" };
  return { state: "ok", what: what[cgroups] };
}

function examineProgram(
  { program, packages, why }: Need,
  { programs }: HostFacts,
  otherwise: Finding["state"],
): Finding {
  const found = programs.get(program);
  if (found !== undefined) return { state: "ok", what: found };
  return { state: otherwise, what: `no ${program}`, hint: `${program} ${why}`, packages };
}

function examineRuntimes({ programs, versions }: HostFacts): readonly Finding[] {
  const found = ["crun", "runc"].filter((name) => programs.has(name));
  if (found.length === 0) {
    return [{ state: "missing", what: "no OCI runtime", hint: "crun (or runc) runs containers", packages: ["crun"] }];
  }
  return found.map((name) => {
    const version = versions.get(name) ?? "of unknown version";
    const safe = safeVersions.get(name) ?? "";
    const isOld = compareVersions(version, safe) < 0;
    return {
      state: isOld ? "warning" : "ok",
      what: `${name} ${version}`,
      ...(isOld && {
        hint: `older than ${safe}: it has known ways out of containers; update it when your distribution does`,
      }),
    };
  });
}

/** Negative where `a` is older. Versions are numbers with dots; what follows them does not count. */
function compareVersions(a: string, b: string): number {
  const numbers = (text: string) => (/^\d+(\.\d+)*/.exec(text)?.[0] ?? "0").split(".").map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Looks at this host. */
export async function readHost(): Promise<HostFacts> {
  const names = ["crun", "runc", ...[...needs, ...wishes].map(({ program }) => program)];
  const found = await Promise.all(names.map(async (name) => [name, await findProgram(name)] as const));
  const programs = new Map(found.flatMap(([name, file]) => (file === undefined ? [] : [[name, file] as const])));
  const runtimes = ["crun", "runc"].filter((name) => programs.has(name));
  const versions = await Promise.all(
    runtimes.map(async (name) => [name, await askVersion(programs.get(name) ?? name)] as const),
  );
  const profile = await firstReadable(seccompProfiles);
  return {
    platform: process.platform,
    root: process.getuid?.() === 0,
    kernel: os.release(),
    cgroups: layoutOf(await readText("/proc/self/mounts")),
    filesystems: new Set(
      (await readText("/proc/filesystems")).split("\n").map((line) => line.split("\t").at(-1) ?? ""),
    ),
    programs,
    versions: new Map(versions.flatMap(([name, version]) => (version === undefined ? [] : [[name, version] as const]))),
    ...(profile !== undefined && { seccompProfile: profile }),
  };
}

/** The layout of control groups in a mount table (proc_pid_mounts(5)). */
export function layoutOf(mounts: string): HostFacts["cgroups"] {
  const types = mounts.split("\n").map((line) => line.split(" ")[2]);
  const [v1, v2] = [types.includes("cgroup"), types.includes("cgroup2")];
  if (v1) return v2 ? "hybrid" : "v1";
  return v2 ? "v2" : "none";
}

/** Where a program is: on the PATH, or where Debian puts those of root. */
async function findProgram(name: string): Promise<string | undefined> {
  const folders = [
    ...(process.env.PATH ?? "").split(path.delimiter),
    "/usr/local/sbin",
    "/usr/sbin",
    "/sbin",
    "/usr/bin",
    "/bin",
  ];
  for (const folder of folders.filter((entry) => entry.startsWith("/"))) {
    const file = path.join(folder, name);
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}

function askVersion(program: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, ["--version"], { timeout: 5000 }, (error, stdout) => {
      resolve(error ? undefined : /version\s+(\S+)/.exec(stdout)?.[1]);
    });
  });
}

async function firstReadable(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) if ((await readText(file)) !== "") return file;
  return undefined;
}

const readText = (file: string) => readFile(file, "utf8").catch(() => "");
