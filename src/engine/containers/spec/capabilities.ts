/** Linux capabilities: which ones a container's processes have. */

import { badRequest } from "../../refusal.ts";

/** What docker gives every container (moby, daemon/pkg/oci/caps/defaults.go). */
const usual = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FSETID",
  "CAP_FOWNER",
  "CAP_MKNOD",
  "CAP_NET_RAW",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETFCAP",
  "CAP_SETPCAP",
  "CAP_NET_BIND_SERVICE",
  "CAP_SYS_CHROOT",
  "CAP_KILL",
  "CAP_AUDIT_WRITE",
] as const;

/** Every capability, in the kernel's order: its number is its place (capabilities(7)). */
export const allCapabilities: readonly string[] = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_DAC_READ_SEARCH",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETPCAP",
  "CAP_LINUX_IMMUTABLE",
  "CAP_NET_BIND_SERVICE",
  "CAP_NET_BROADCAST",
  "CAP_NET_ADMIN",
  "CAP_NET_RAW",
  "CAP_IPC_LOCK",
  "CAP_IPC_OWNER",
  "CAP_SYS_MODULE",
  "CAP_SYS_RAWIO",
  "CAP_SYS_CHROOT",
  "CAP_SYS_PTRACE",
  "CAP_SYS_PACCT",
  "CAP_SYS_ADMIN",
  "CAP_SYS_BOOT",
  "CAP_SYS_NICE",
  "CAP_SYS_RESOURCE",
  "CAP_SYS_TIME",
  "CAP_SYS_TTY_CONFIG",
  "CAP_MKNOD",
  "CAP_LEASE",
  "CAP_AUDIT_WRITE",
  "CAP_AUDIT_CONTROL",
  "CAP_SETFCAP",
  "CAP_MAC_OVERRIDE",
  "CAP_MAC_ADMIN",
  "CAP_SYSLOG",
  "CAP_WAKE_ALARM",
  "CAP_BLOCK_SUSPEND",
  "CAP_AUDIT_READ",
  "CAP_PERFMON",
  "CAP_BPF",
  "CAP_CHECKPOINT_RESTORE",
];

export interface CapabilityWishes {
  readonly add: readonly string[];
  readonly drop: readonly string[];
  readonly privileged: boolean;
  /** What the daemon itself can give. */
  readonly available: readonly string[];
}

/**
 * The capabilities of a container's first process, in docker's order. Names may be given in any case, without `CAP_`, and
 * as `ALL`. EngineError 400 for one that is none.
 */
export function chooseCapabilities({ add, drop, privileged, available }: CapabilityWishes): readonly string[] {
  const added = add.map((name) => normalise(name, "CapAdd"));
  const dropped = drop.map((name) => normalise(name, "CapDrop"));
  if (privileged) return available;
  if (added.includes("ALL")) return available.filter((name) => !dropped.includes(name));
  const base = dropped.includes("ALL") ? [] : usual.filter((name) => !dropped.includes(name));
  return [...new Set([...base, ...added])];
}

/** The `CapBnd` line of /proc/PID/status as names. */
export function parseCapabilities(status: string): readonly string[] {
  const mask = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return allCapabilities.filter((_, number) => (mask >> BigInt(number)) % 2n === 1n);
}

function normalise(name: string, field: "CapAdd" | "CapDrop"): string {
  const upper = name.trim().toUpperCase();
  if (upper === "ALL" || upper === "CAP_ALL") return "ALL";
  const whole = upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
  if (!allCapabilities.includes(whole)) throw badRequest(`invalid ${field}: unknown capability: "${whole}"`);
  return whole;
}
