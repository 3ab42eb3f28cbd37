import { homedir } from "node:os";
import path from "node:path";
import { readEnvFiles } from "../compose/environment.ts";
import type { Mount, Port, ProjectModel, Service } from "../compose/model.ts";
import { parseMount } from "../compose/short/mounts.ts";
import type { Parsed } from "../compose/short/parsed.ts";
import { parsePorts } from "../compose/short/ports.ts";
import { splitWords } from "../compose/short/shell-words.ts";
import { ProjectError, UsageError } from "../errors.ts";

/** The flags of `run` that change the service for this once. */
export interface RunFlags {
  readonly "cap-add"?: readonly string[] | undefined;
  readonly "cap-drop"?: readonly string[] | undefined;
  readonly entrypoint?: string | undefined;
  readonly env?: readonly string[] | undefined;
  readonly "env-from-file"?: readonly string[] | undefined;
  readonly label?: readonly string[] | undefined;
  readonly publish?: readonly string[] | undefined;
  readonly "service-ports"?: boolean | undefined;
  readonly user?: string | undefined;
  readonly volume?: readonly string[] | undefined;
  readonly workdir?: string | undefined;
}

export interface RunSettings {
  readonly flags: RunFlags;
  /** The command's words; none: the service's own. */
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
}

/**
 * A service as `run` runs it: with the command and the settings of the flags, without ports unless they are asked for,
 * and not restarted. Throws UsageError for flags that are not understood, ProjectError for env files.
 */
export async function runService(project: ProjectModel, service: Service, settings: RunSettings): Promise<Service> {
  const { flags, command, tty, stdin } = settings;
  const { container_name: _name, restart: _restart, scale: _scale, deploy, ports, ...rest } = service;
  const { restart_policy: _policy, replicas: _replicas, ...deployed } = deploy ?? { extensions: new Map() };
  const published = flags.publish?.flatMap(portsOf);
  const added = flags["cap-add"] ?? [];
  const dropped = flags["cap-drop"] ?? [];
  return {
    ...rest,
    ...(deploy !== undefined && { deploy: deployed }),
    tty,
    stdin_open: stdin,
    ports: published ?? (flags["service-ports"] ? (ports ?? []) : []),
    ...commandOf(service, flags.entrypoint, command),
    ...(added.length + dropped.length > 0 && {
      cap_add: [...(service.cap_add ?? []).filter((name) => !dropped.includes(name)), ...added],
      cap_drop: [...(service.cap_drop ?? []).filter((name) => !added.includes(name)), ...dropped],
    }),
    environment: new Map([...(service.environment ?? []), ...(await environmentOf(project, flags))]),
    labels: new Map([...(service.labels ?? []), ...(flags.label ?? []).map(labelOf)]),
    ...(flags.user !== undefined && { user: flags.user }),
    ...(flags.workdir !== undefined && { working_dir: flags.workdir }),
    volumes: mountsOf(service, flags.volume ?? []),
  };
}

/** A new entrypoint does not get the words of the command that was meant for the old one. */
function commandOf(
  service: Service,
  entrypoint: string | undefined,
  command: readonly string[],
): Pick<Service, "command" | "entrypoint"> {
  if (entrypoint === undefined) {
    return { entrypoint: service.entrypoint, command: command.length > 0 ? command : service.command };
  }
  return { entrypoint: read("--entrypoint", entrypoint, splitWords(entrypoint)), command };
}

/** `-e A=1`, `-e A` with the value that the project's environment has, if any; then what the files say and no flag does. */
async function environmentOf(project: ProjectModel, flags: RunFlags): Promise<ReadonlyMap<string, string>> {
  const variables = new Map<string, string>();
  for (const text of flags.env ?? []) {
    const equals = text.indexOf("=");
    const name = equals === -1 ? text : text.slice(0, equals);
    const value = equals === -1 ? project.environment.get(name) : text.slice(equals + 1);
    if (value !== undefined) variables.set(name, value);
  }
  for (const file of flags["env-from-file"] ?? []) {
    const { entries, diagnostics } = await readEnvFiles([path.resolve(file)], variables);
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    if (errors.length > 0) throw new ProjectError(errors);
    for (const [name, value] of entries) if (!variables.has(name)) variables.set(name, value);
  }
  return variables;
}

function labelOf(text: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new UsageError(`--label "${text}" is not NAME=VALUE`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function portsOf(text: string): readonly Port[] {
  return read("--publish", text, parsePorts(text)).map((port) => ({ ...port, mode: "ingress", extensions: new Map() }));
}

/** The service's mounts; one of a flag takes the place of the one that has its target. */
function mountsOf(service: Service, texts: readonly string[]): readonly Mount[] {
  const mounts = new Map((service.volumes ?? []).map((mount) => [mount.target, mount]));
  for (const text of texts) {
    const { bind, volume, source, ...mount } = read("--volume", text, parseMount(text));
    mounts.set(mount.target, {
      ...mount,
      ...(source !== undefined && { source: mount.type === "bind" ? hostPath(source) : source }),
      ...(bind !== undefined && { bind: { ...bind, extensions: new Map() } }),
      ...(volume !== undefined && { volume: { ...volume, extensions: new Map() } }),
      extensions: new Map(),
    });
  }
  return [...mounts.values()];
}

function hostPath(source: string): string {
  return path.resolve(source.replace(/^~(?=$|\/)/, homedir()));
}

function read<T>(flag: string, text: string, parsed: Parsed<T>): T {
  if (parsed.error === undefined) return parsed.value;
  const hint = parsed.hint === undefined ? {} : { hint: parsed.hint };
  throw new UsageError(`${flag} "${text}": ${parsed.error}`, hint);
}
