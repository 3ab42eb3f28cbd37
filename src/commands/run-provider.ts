import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import type { Environment } from "../engine/docker-config.ts";
import { GantryError, InterruptedError } from "../errors.ts";
import type { Tell } from "../reconcile/perform.ts";
import type { Offer, ProviderRequest } from "../reconcile/plan.ts";
import { StepError } from "../reconcile/step-error.ts";
import { findPlugin, findProgram } from "./docker-plugin.ts";

/** What running programs beside the engine takes. */
export interface ProgramRoom {
  /** The project's variables, and where the engine is. */
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** What a provider says for those who look closely (`--verbose`). */
  readonly debug: (text: string) => void;
}

interface Parameter {
  readonly name?: string;
  readonly required?: boolean;
}

/** What a provider takes, by verb; empty where it does not say. */
type Metadata = Readonly<Record<string, { readonly parameters: readonly Parameter[] } | undefined>>;

/**
 * Asks the program that provides a service to bring it up, to stop it or to take it down, and gives the variables that
 * it sets for the services that depend on it. The program is called as
 * `<program> compose --project-name=P up --option=value SERVICE` and answers in JSON lines. A program that does not say
 * that it can stop a service is not asked to.
 * Source: docker compose, docs/extension.md.
 *
 * @throws StepError when there is no such program, with what it says is wrong, or when it fails
 */
export async function runProvider(request: ProviderRequest, room: ProgramRoom, tell: Tell): Promise<Offer> {
  const { action, type, project, service } = request;
  const program =
    type === "compose"
      ? undefined
      : ((await findPlugin(type, room.environment)) ?? (await findProgram(type, room.environment)));
  if (program === undefined) {
    throw new StepError(`service "${service}" is provided by "${type}", and there is no such program`, [], {
      blame: { path: ["provider"], code: "missing-provider" },
    });
  }
  const metadata = await readMetadata(program, room);
  const known = metadata[action]?.parameters;
  if (action === "stop" && metadata.stop === undefined) return { prefixed: new Map(), raw: new Map() };
  const given = new Set(request.options.map(([name]) => name));
  for (const { name = "", required } of known ?? []) {
    if (!required || given.has(name)) continue;
    throw new StepError(`the provider "${type}" of service "${service}" needs the option "${name}"`, [], {
      blame: { path: ["provider"], code: "missing-option" },
    });
  }
  const isTaken = (name: string) => Object.keys(metadata).length === 0 || known?.some((one) => one.name === name);
  const options = request.options.flatMap(([name, value]) => (isTaken(name) ? [`--${name}=${value}`] : []));
  return converse(program, ["compose", `--project-name=${project}`, action, ...options, service], request, room, tell);
}

async function converse(
  program: string,
  args: readonly string[],
  { service, type }: ProviderRequest,
  { environment, signal, debug }: ProgramRoom,
  tell: Tell,
): Promise<Offer> {
  const child = spawn(program, args, {
    env: Object.fromEntries(environment),
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  const complaint = text(child.stderr);
  const ended = once(child, "close");
  ended.catch(() => {});
  const prefixed = new Map<string, string>();
  const raw = new Map<string, string>();
  let failure: string | undefined;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.trim() === "") continue;
      const { kind, message } = readMessage(line, type);
      if (kind === "info") tell.progress({ text: message.split("\n")[0] ?? "" });
      else if (kind === "debug") debug(`${service}: ${message}`);
      else if (kind === "error") failure ??= message;
      else {
        const [name = "", value] = message.split(/=(.*)/s);
        if (value === undefined)
          throw new GantryError(`the provider "${type}" sets "${message}", which is no NAME=VALUE`);
        (kind === "setenv" ? prefixed : raw).set(name, value);
      }
    }
    await ended;
  } catch (error) {
    child.kill();
    await finished(child.stderr).catch(() => {});
    throw signal.aborted ? new InterruptedError() : error;
  }
  if (failure !== undefined) throw new StepError(failure.trimEnd(), []);
  if (child.exitCode === 0) return { prefixed, raw };
  const lines = (await complaint).split("\n").filter((line) => line !== "");
  const how = child.exitCode === null ? `was ended by ${child.signalCode}` : `exited with code ${child.exitCode}`;
  const evidence = lines.length === 0 ? [] : [{ title: `output of ${type}`, lines: lines.slice(-20) }];
  throw new StepError(`the provider "${type}" of service "${service}" ${how}`, evidence);
}

const kinds = ["info", "error", "debug", "setenv", "rawsetenv"] as const;

function readMessage(line: string, type: string): { kind: (typeof kinds)[number]; message: string } {
  const parsed = parseObject(line);
  const kind = kinds.find((known) => known === parsed?.type);
  if (kind === undefined) throw new GantryError(`the provider "${type}" answers what is not understood: ${line}`);
  return { kind, message: typeof parsed?.message === "string" ? parsed.message : "" };
}

/** What a provider tells of its options; one that fails or answers something else tells nothing. */
async function readMetadata(program: string, { environment, signal }: ProgramRoom): Promise<Metadata> {
  const child = spawn(program, ["compose", "metadata"], {
    env: Object.fromEntries(environment),
    stdio: ["ignore", "pipe", "ignore"],
    signal,
  });
  const [output] = await Promise.all([text(child.stdout), once(child, "close")]).catch(() => [""] as const);
  if (child.exitCode !== 0) return {};
  const { up, down, stop } = parseObject(output) ?? {};
  return { ...verbOf("up", up), ...verbOf("down", down), ...verbOf("stop", stop) };
}

function verbOf(verb: string, told: unknown): Metadata {
  if (typeof told !== "object" || told === null) return {};
  const parameters = "parameters" in told && Array.isArray(told.parameters) ? told.parameters : [];
  return { [verb]: { parameters } };
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
