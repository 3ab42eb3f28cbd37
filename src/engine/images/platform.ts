/** Platforms: the host's, and how they are written. Pure but for what the host says of itself. */

import { readdir } from "node:fs/promises";

import type { Platform } from "../daemon/rooms.ts";
import { badRequest } from "../refusal.ts";

const architectures: Readonly<Record<string, string>> = {
  x64: "amd64",
  ia32: "386",
  arm: "arm",
  arm64: "arm64",
  riscv64: "riscv64",
  ppc64: "ppc64le",
  s390x: "s390x",
  loong64: "loong64",
};
/** What other programs call them. Source: github.com/containerd/platforms, database.go. */
const aliases: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  x86_64: ["amd64"],
  "x86-64": ["amd64"],
  i386: ["386"],
  aarch64: ["arm64"],
  armhf: ["arm", "v7"],
  armel: ["arm", "v6"],
};
const systems = ["linux", "windows", "darwin", "freebsd"];

export const hostPlatform: Platform = { os: "linux", architecture: architectures[process.arch] ?? process.arch };

/** `linux/arm/v7`, `linux/amd64`, `arm64`, or the JSON of newer clients. EngineError 400 for what is none. */
export function parsePlatform(text: string): Platform {
  if (text.startsWith("{")) return parseJson(text);
  const parts = text.toLowerCase().split("/");
  const bad = () => badRequest(`invalid platform "${text}": expected os/architecture or os/architecture/variant`);
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9_.-]+$/.test(part))) throw bad();
  const [first = "", second, third] = parts;
  if (second === undefined && systems.includes(first)) return { ...hostPlatform, os: first };
  const [os, name, variant] = second === undefined ? ["linux", first] : [first, second, third];
  if (!systems.includes(os)) throw bad();
  const [architecture, implied] = aliases[name] ?? [name];
  return withVariant({ os, architecture }, variant ?? implied);
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}

/** Whether what is there runs where that is wanted. */
export function platformMatches(there: Platform, wanted: Platform): boolean {
  return rank(there, wanted) !== undefined;
}

/**
 * How well something for one platform serves for another: 0 is best, undefined is not at all. An arm processor runs what is
 * made for older ones, 64-bit x86 and ARM what names no variant.
 */
export function rank(there: Platform, wanted: Platform): number | undefined {
  if (there.os !== wanted.os || there.architecture !== wanted.architecture) return undefined;
  const [have, want] = [level(there), level(wanted)];
  return have > want ? undefined : want - have;
}

function level({ architecture, variant }: Platform): number {
  const fallback = architecture === "arm64" ? 8 : architecture === "arm" ? 7 : 1;
  const found = /^v([0-9]+)$/.exec(variant ?? "");
  return found === null ? fallback : Number(found[1]);
}

/** Programs of another architecture run where an emulator is registered for them (binfmt_misc), and 32-bit ones on their 64-bit kin. */
export async function canRun({ os, architecture }: Platform): Promise<boolean> {
  if (os !== hostPlatform.os) return false;
  const kin: Readonly<Record<string, readonly string[]>> = { amd64: ["386"], arm64: ["arm"] };
  if (architecture === hostPlatform.architecture || kin[hostPlatform.architecture]?.includes(architecture)) return true;
  const emulators = await readdir("/proc/sys/fs/binfmt_misc").catch(() => []);
  const names = Object.entries(aliases).flatMap(([name, [meant]]) => (meant === architecture ? [name] : []));
  return emulators.some((emulator) => [architecture, ...names].some((name) => emulator === `qemu-${name}`));
}

/** The variant that an architecture has anyhow is not written. */
function withVariant(platform: Platform, variant: string | undefined): Platform {
  const implied = platform.architecture === "arm64" ? "v8" : platform.architecture === "amd64" ? "v1" : undefined;
  return variant === undefined || variant === implied ? platform : { ...platform, variant };
}

function parseJson(text: string): Platform {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badRequest(`failed to parse platform: ${text}`, error);
  }
  const { os, architecture, variant } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof os !== "string" || typeof architecture !== "string")
    throw badRequest("both OS and Architecture must be provided");
  return withVariant({ os, architecture }, typeof variant === "string" && variant !== "" ? variant : undefined);
}
