/** What variables mean in a Dockerfile: ARG before the first FROM, ARG and ENV of a stage. Pure. */

import type { Platform } from "../daemon/rooms.ts";
import { formatPlatform } from "../images/platform.ts";
import type { Arg } from "./dockerfile/instruction.ts";
import { evaluate } from "./evaluate.ts";

/** Names that may be given for a build without being declared; they are in no history and in no cache key. */
const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];
const isProxy = (name: string) =>
  proxies.includes(name.toUpperCase()) && (name === name.toUpperCase() || name === name.toLowerCase());

/** The arguments of a build, and which of them were used. */
export interface BuildArguments {
  readonly given: ReadonlyMap<string, string>;
  readonly used: Set<string>;
}

/** The platform arguments that every build has. */
export function automaticArguments(host: Platform, target: Platform, stage: string): ReadonlyMap<string, string> {
  const of = (prefix: string, platform: Platform) =>
    [
      [`${prefix}PLATFORM`, formatPlatform(platform)],
      [`${prefix}OS`, platform.os],
      [`${prefix}ARCH`, platform.architecture],
      [`${prefix}VARIANT`, platform.variant ?? ""],
    ] as const;
  return new Map([...of("BUILD", host), ...of("TARGET", target), ["TARGETSTAGE", stage]]);
}

/** The values that FROM sees, and stages that declare them again. EngineError 400 for a bad substitution. */
export function globalValues(
  args: readonly Arg[],
  build: BuildArguments,
  automatic: ReadonlyMap<string, string>,
  escapeWith: string,
): ReadonlyMap<string, string> {
  const values = new Map(automatic);
  for (const instruction of args) {
    const evaluated = evaluate(instruction, { variables: (name) => values.get(name), escapeWith });
    if (evaluated.keyword !== "ARG") continue;
    for (const { key, value } of evaluated.args) {
      const given = takeGiven(build, key) ?? value;
      if (given !== undefined) values.set(key, given);
    }
  }
  return values;
}

/** What a stage's instructions see. */
export interface StageScope {
  /** Declared in this stage, in order; without a value where there is none. */
  readonly args: ReadonlyMap<string, string | undefined>;
}

export const emptyScope: StageScope = { args: new Map() };

/** The scope after an ARG, whose texts are expanded. */
export function declare(
  { args }: StageScope,
  instruction: Arg,
  build: BuildArguments,
  globals: ReadonlyMap<string, string>,
): StageScope {
  const declared = new Map(args);
  for (const { key, value } of instruction.args) {
    const given = takeGiven(build, key) ?? value ?? globals.get(key);
    declared.delete(key);
    declared.set(key, given);
  }
  return { args: declared };
}

/** ENV wins over ARG. */
export function lookUpVariable(
  { args }: StageScope,
  env: ReadonlyMap<string, string>,
  name: string,
): string | undefined {
  return env.get(name) ?? args.get(name);
}

/** The arguments that RUN gives its process as environment, unless ENV has the name already. */
export function runArguments(
  { args }: StageScope,
  env: ReadonlyMap<string, string>,
): readonly (readonly [string, string])[] {
  return [...args].flatMap(([name, value]) => (value === undefined || env.has(name) ? [] : [[name, value] as const]));
}

/** All that a stage has declared, with the values that its shell sees: what the history of RUN says. */
export function declaredArguments(
  { args }: StageScope,
  env: ReadonlyMap<string, string>,
): readonly (readonly [string, string])[] {
  return [...args].map(([name, value]) => [name, env.get(name) ?? value ?? ""] as const);
}

/** The proxies that were given: RUN has them though nothing declares them. */
export function proxyArguments(build: BuildArguments): readonly (readonly [string, string])[] {
  const found = [...build.given].filter(([name]) => isProxy(name));
  for (const [name] of found) build.used.add(name);
  return found;
}

/** Given for nothing; proxies are for whoever wants them. */
export function unusedArguments({ given, used }: BuildArguments): readonly string[] {
  return [...given.keys()].filter((name) => !used.has(name) && !isProxy(name) && !name.startsWith("BUILDKIT_"));
}

function takeGiven({ given, used }: BuildArguments, name: string): string | undefined {
  const value = given.get(name);
  if (value !== undefined) used.add(name);
  return value;
}
