/** What an instruction changes of an image's config. Texts are expanded already. Pure. */

import type { ContainerConfig } from "../api.ts";
import type { Command, Healthcheck, Instruction, Pair } from "./dockerfile/instruction.ts";
import { parsePorts } from "./ports.ts";

/** What scratch has: BuildKit's own beginning. */
export const emptyConfig: ContainerConfig = {
  Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
  WorkingDir: "/",
};

/** What runs the shell form of CMD, ENTRYPOINT, RUN and HEALTHCHECK where no SHELL says otherwise. */
export const defaultShell = ["/bin/sh", "-c"] as const;

export const shellOf = (config: ContainerConfig): readonly string[] => config.Shell ?? defaultShell;

export function argumentsOf(command: Command, config: ContainerConfig): string[] {
  return "exec" in command ? [...command.exec] : [...shellOf(config), command.shell];
}

/**
 * The config after an instruction; the same one for those that only make files or say something of the build. `cmdIsOwn`:
 * the CMD was given in this stage, so an ENTRYPOINT leaves it. Throws RangeError for a bad port or signal.
 */
export function applyInstruction(
  config: ContainerConfig,
  instruction: Instruction,
  cmdIsOwn: boolean,
): ContainerConfig {
  switch (instruction.keyword) {
    case "ENV":
      return { ...config, Env: addEnv(config.Env ?? [], instruction.pairs) };
    case "LABEL": {
      const labels = new Map(Object.entries(config.Labels ?? {}));
      for (const { key, value } of instruction.pairs) labels.set(key, value);
      return { ...config, Labels: Object.fromEntries(labels) };
    }
    case "CMD":
      return { ...config, Cmd: argumentsOf(instruction.command, config), ArgsEscaped: true };
    case "ENTRYPOINT": {
      const { Cmd: inherited, ...rest } = config;
      const Entrypoint = argumentsOf(instruction.command, config);
      return { ...rest, Entrypoint, ...(cmdIsOwn && inherited !== undefined && { Cmd: inherited }) };
    }
    case "EXPOSE":
      return { ...config, ExposedPorts: withNames(config.ExposedPorts, instruction.words.flatMap(parsePorts)) };
    case "VOLUME":
      return { ...config, Volumes: withNames(config.Volumes, instruction.words) };
    case "USER":
      return { ...config, User: instruction.value };
    case "WORKDIR":
      return { ...config, WorkingDir: resolveDirectory(config.WorkingDir ?? "", instruction.value) };
    case "STOPSIGNAL":
      return { ...config, StopSignal: instruction.value };
    case "SHELL":
      return { ...config, Shell: [...instruction.words] };
    case "HEALTHCHECK":
      return { ...config, Healthcheck: { ...instruction.health, ...testOf(instruction) } };
    case "ONBUILD":
      return { ...config, OnBuild: [...(config.OnBuild ?? []), instruction.trigger] };
    default:
      return config;
  }
}

/** A shell form is run by the image's shell when it is time, not by the one that holds here. */
function testOf({ command }: Healthcheck): { readonly Test?: string[] } {
  if (command === undefined) return {};
  return { Test: "exec" in command ? ["CMD", ...command.exec] : ["CMD-SHELL", command.shell] };
}

/** A later value of a name takes the place of the earlier one. */
export function addEnv(env: readonly string[], pairs: readonly Pair[]): string[] {
  const result = [...env];
  for (const { key, value } of pairs) {
    const place = result.findIndex((entry) => entry.startsWith(`${key}=`));
    if (place === -1) result.push(`${key}=${value}`);
    else result[place] = `${key}=${value}`;
  }
  return result;
}

function withNames(known: ContainerConfig["Volumes"], names: readonly string[]): Record<string, Record<never, never>> {
  const all = [...Object.keys(known ?? {}), ...names];
  return Object.fromEntries([...new Set(all)].toSorted().map((name) => [name, {}]));
}

/** An absolute path without `.` and `..`, relative to a directory that is one. */
export function resolveDirectory(from: string, to: string): string {
  const parts: string[] = [];
  for (const part of `${to.startsWith("/") ? "" : from}/${to}`.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
