/** The `mounts` of config.json: what every container has, then its own, those above before those below. */

import type { MountRecord } from "../record.ts";

export interface SpecMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export interface MountWishes {
  /** Its own, in any order. */
  readonly own: readonly SpecMount[];
  /** Paths of the host. */
  readonly files: { readonly hostname?: string; readonly hosts: string; readonly resolvConf: string };
  /** Bytes of a new /dev/shm, a path of the host to use as one, or none. */
  readonly shm: { readonly size: number } | { readonly source: string } | undefined;
  /** The program that is put before the container's own. */
  readonly init: string | undefined;
  readonly privileged: boolean;
  /** Whether there are control groups to show. */
  readonly cgroups: boolean;
}

/** Where the init program appears. */
export const initDestination = "/sbin/docker-init";

export function mountsSpec(wishes: MountWishes): readonly SpecMount[] {
  const { own, files, shm, init, privileged } = wishes;
  const usual: SpecMount[] = [
    { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
    },
    { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", access(privileged)] },
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
  ];
  if (wishes.cgroups) {
    const options = ["nosuid", "noexec", "nodev", access(privileged)];
    usual.push({ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options });
  }
  if (shm !== undefined) usual.push(shmMount(shm));
  const given = [
    { destination: "/etc/resolv.conf", source: files.resolvConf },
    ...(files.hostname === undefined ? [] : [{ destination: "/etc/hostname", source: files.hostname }]),
    { destination: "/etc/hosts", source: files.hosts },
  ].map((file) => ({ ...file, type: "bind", options: ["rbind", "rprivate"] }));
  if (init !== undefined) {
    given.push({ destination: initDestination, source: init, type: "bind", options: ["bind", "ro"] });
  }
  const covered = (destination: string) => own.some((mount) => mount.destination === destination);
  // A container that brings its own /dev brings all of it.
  const left = [...usual, ...given].filter(
    ({ destination }) => !covered(destination) && !(covered("/dev") && destination.startsWith("/dev/")),
  );
  return [...left, ...own.toSorted((a, b) => depth(a.destination) - depth(b.destination))];
}

/** One of its own. `source`: where its content lies on the host; nothing for a tmpfs. */
export function ownMount(mount: Omit<MountRecord, "source">, source: string): SpecMount {
  const { type, destination, rw, recursive, propagation, options } = mount;
  if (type === "tmpfs") return { destination, type, source: "tmpfs", options };
  const kind = recursive ? "rbind" : "bind";
  const access = rw ? [] : ["ro"];
  return { destination, type: "bind", source, options: [kind, propagation || "rprivate", ...access, ...options] };
}

function shmMount(shm: { readonly size: number } | { readonly source: string }): SpecMount {
  const destination = "/dev/shm";
  if ("source" in shm) return { destination, type: "bind", source: shm.source, options: ["rbind", "rprivate"] };
  const options = ["nosuid", "noexec", "nodev", "mode=1777", `size=${shm.size}`];
  return { destination, type: "tmpfs", source: "shm", options };
}

const access = (writable: boolean) => (writable ? "rw" : "ro");
const depth = (destination: string) => destination.split("/").length;
