/** The `process` object of config.json: the program, who runs it, and what it may. */

import type { ContainerConfig, HostConfig } from "../../api.ts";
import { badRequest } from "../../refusal.ts";
import type { Identity } from "./user.ts";

export interface ProcessRequest {
  readonly args: readonly string[];
  /** `KEY=value`; a `KEY` alone takes one away. */
  readonly env: readonly string[];
  /** Absolute, or nothing: the root. */
  readonly cwd: string;
  readonly terminal: boolean;
  readonly user: Identity;
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly hostname: string;
  readonly rlimits: readonly Rlimit[];
  readonly oomScoreAdj?: number;
  /** Rows and columns. */
  readonly consoleSize?: readonly number[];
}

export interface Rlimit {
  readonly type: string;
  readonly hard: number;
  readonly soft: number;
}

export function processSpec(request: ProcessRequest): Record<string, unknown> {
  const { args, env, cwd, terminal, user, capabilities, noNewPrivileges, rlimits, oomScoreAdj, consoleSize } = request;
  checkWorkingDirectory(cwd);
  // As docker does: another user than root has the capabilities only to give them on to setuid programs.
  const own = user.uid === 0 ? capabilities : [];
  const [height = 0, width = 0] = consoleSize ?? [];
  return {
    terminal,
    ...(terminal && height > 0 && width > 0 && { consoleSize: { height, width } }),
    user: { uid: user.uid, gid: user.gid, additionalGids: user.groups },
    args,
    env: environment(request, env),
    cwd: cwd === "" ? "/" : cwd,
    capabilities: { bounding: capabilities, effective: own, permitted: own, inheritable: [], ambient: [] },
    rlimits,
    noNewPrivileges,
    ...(oomScoreAdj !== undefined && oomScoreAdj !== 0 && { oomScoreAdj }),
  };
}

/** What every process gets, then what was asked for: a later value replaces an earlier one at its place. */
function environment({ terminal, hostname, user }: ProcessRequest, wanted: readonly string[]): readonly string[] {
  const variables = new Map([
    ["PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    ["HOSTNAME", hostname],
  ]);
  if (terminal) variables.set("TERM", "xterm");
  for (const variable of wanted) {
    const at = variable.indexOf("=");
    if (at === -1) variables.delete(variable);
    else variables.set(variable.slice(0, at), variable.slice(at + 1));
  }
  if (!variables.has("HOME")) variables.set("HOME", user.home);
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

/**
 * Refuses working directories that would name an open descriptor of the runtime, and with it a directory of the host
 * (CVE-2024-21626). EngineError 400.
 */
export function checkWorkingDirectory(cwd: string): void {
  const parts = cwd.split("/").filter((part) => part !== "" && part !== ".");
  const clean: string[] = [];
  for (const part of parts) {
    if (part === "..") clean.pop();
    else clean.push(part);
  }
  const path = `/${clean.join("/")}/`;
  if (
    /^\/proc\/(self|thread-self|\d+)(\/task\/[^/]+)?\/(fd|cwd|root|map_files)\//.test(path) ||
    path.startsWith("/dev/fd/")
  ) {
    throw badRequest(`the working directory '${cwd}' is invalid: it must not name an open file of a process`);
  }
}

/** How many files a process may open unless it asks otherwise: explicit, so that it is not by chance what the daemon may. */
const usualFiles = { soft: 1024, hard: 524_288 };

/** `Ulimits` of HostConfig: names as `nofile`; -1 is no limit. `mostFiles`: what the daemon itself may, which none can exceed. */
export function rlimitsOf({ Ulimits }: Pick<HostConfig, "Ulimits">, mostFiles: number): readonly Rlimit[] {
  const usual = { type: "RLIMIT_NOFILE", soft: usualFiles.soft, hard: Math.min(usualFiles.hard, mostFiles) };
  const asked = (Ulimits ?? []).map(({ Name, Soft, Hard }) => ({
    type: `RLIMIT_${Name.toUpperCase()}`,
    soft: Soft < 0 ? unlimited : Soft,
    hard: Hard < 0 ? unlimited : Hard,
  }));
  return asked.some(({ type }) => type === usual.type) ? asked : [usual, ...asked];
}

/** RLIM_INFINITY is 2^64 - 1; no number in JavaScript says it exactly, so config.json's text is mended (spec.ts). */
export const unlimited = Number.MAX_SAFE_INTEGER;

/** The program and its arguments: the entrypoint's, then the command's. */
export function commandOf({ Entrypoint, Cmd }: Pick<ContainerConfig, "Entrypoint" | "Cmd">): readonly string[] {
  return [...(Entrypoint ?? []), ...(Cmd ?? [])];
}
