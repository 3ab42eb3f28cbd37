/**
 * The seccomp profile: a template in docker's format, whose rules hold for some architectures, capabilities and kernels
 * only, becomes what the OCI runtime takes.
 */

import { badRequest } from "../../refusal.ts";

/** A profile as containers-common and docker ship it. */
export interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly archMap?: readonly { readonly architecture: string; readonly subArchitectures?: readonly string[] }[] | null;
  readonly flags?: readonly string[];
  readonly syscalls?: readonly SeccompRule[];
}

interface SeccompRule {
  readonly name?: string;
  readonly names?: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly unknown[] | null;
  readonly includes?: Condition;
  readonly excludes?: Condition;
}

interface Condition {
  readonly arches?: readonly string[] | null;
  readonly caps?: readonly string[] | null;
  /** `4.8`. */
  readonly minKernel?: string;
}

export interface SeccompFacts {
  /** Go's name: `amd64`, `arm64`. */
  readonly arch: string;
  /** `6.18.44`. */
  readonly kernel: string;
  readonly capabilities: readonly string[];
}

/** What stands in config.json under `linux.seccomp`. */
export interface OciSeccomp {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly flags?: readonly string[];
  readonly syscalls: readonly {
    readonly names: readonly string[];
    readonly action: string;
    readonly errnoRet?: number;
    readonly args?: readonly unknown[];
  }[];
}

/** Keeps the rules that hold here. */
export function evaluateSeccomp(profile: SeccompProfile, facts: SeccompFacts): OciSeccomp {
  const syscalls = (profile.syscalls ?? [])
    .filter(({ includes, excludes }) => isIncluded(includes, facts) && !isExcluded(excludes, facts))
    .map(({ name, names, action, errnoRet, args }) => ({
      names: names ?? (name === undefined ? [] : [name]),
      action,
      ...(errnoRet !== undefined && { errnoRet }),
      ...(args != null && args.length > 0 && { args }),
    }));
  const architectures = profile.architectures ?? architecturesOf(profile, facts.arch);
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet !== undefined && { defaultErrnoRet: profile.defaultErrnoRet }),
    ...(architectures.length > 0 && { architectures }),
    ...(profile.flags !== undefined && { flags: profile.flags }),
    syscalls,
  };
}

/** Reads a profile that a client sent whole (`seccomp={…}`). EngineError 400 where it is none. */
export function parseSeccomp(text: string): SeccompProfile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badRequest(`opening seccomp profile (${text.slice(0, 80)}) failed: it is no JSON`, error);
  }
  const profile = value as SeccompProfile;
  if (typeof profile !== "object" || profile === null || typeof profile.defaultAction !== "string") {
    throw badRequest("decoding seccomp profile failed: defaultAction is missing");
  }
  return profile;
}

const archNames = new Map([
  ["amd64", "SCMP_ARCH_X86_64"],
  ["arm64", "SCMP_ARCH_AARCH64"],
  ["arm", "SCMP_ARCH_ARM"],
  ["386", "SCMP_ARCH_X86"],
  ["ppc64le", "SCMP_ARCH_PPC64LE"],
  ["s390x", "SCMP_ARCH_S390X"],
  ["riscv64", "SCMP_ARCH_RISCV64"],
]);

function architecturesOf({ archMap }: SeccompProfile, arch: string): readonly string[] {
  const mine = archMap?.find(({ architecture }) => architecture === archNames.get(arch));
  return mine === undefined ? [] : [mine.architecture, ...(mine.subArchitectures ?? [])];
}

function isIncluded(condition: Condition | undefined, { arch, kernel, capabilities }: SeccompFacts): boolean {
  const { arches, caps, minKernel } = condition ?? {};
  if (arches != null && arches.length > 0 && !arches.includes(arch)) return false;
  if (minKernel !== undefined && minKernel !== "" && !isAtLeast(kernel, minKernel)) return false;
  return (caps ?? []).every((name) => capabilities.includes(name));
}

function isExcluded(condition: Condition | undefined, { arch, kernel, capabilities }: SeccompFacts): boolean {
  const { arches, caps, minKernel } = condition ?? {};
  if (arches?.includes(arch)) return true;
  if (minKernel !== undefined && minKernel !== "" && isAtLeast(kernel, minKernel)) return true;
  return (caps ?? []).some((name) => capabilities.includes(name));
}

function isAtLeast(kernel: string, least: string): boolean {
  const [major = 0, minor = 0] = kernel.split(".").map((part) => Number.parseInt(part, 10));
  const [wantedMajor = 0, wantedMinor = 0] = least.split(".").map((part) => Number.parseInt(part, 10));
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
