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
  return new Map([...of("BUILD", host), ...of("TARGET", target), ["TARGETSTAGE", stage === "" ? "default" : stage]]);
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
  /** Those of them that were given a value after ENV gave one, which theirs goes before. */
  readonly later: ReadonlySet<string>;
}

export const emptyScope: StageScope = { args: new Map(), later: new Set() };

/** The scope after an ARG, whose texts are expanded. */
export function declare(
  { args, later }: StageScope,
  instruction: Arg,
  build: BuildArguments,
  globals: ReadonlyMap<string, string>,
): StageScope {
  const declared = new Map(args);
  const valued = new Set(later);
  for (const { key, value } of instruction.args) {
    const given = takeGiven(build, key) ?? value ?? globals.get(key);
    declared.delete(key);
    declared.set(key, given);
    if (given !== undefined) valued.add(key);
  }
  return { args: declared, later: valued };
}

/** The scope after an ENV of these names. */
export function overrule({ args, later }: StageScope, names: readonly string[]): StageScope {
  return { args, later: new Set([...later].filter((name) => !names.includes(name))) };
}

/** Of ENV and ARG the later one wins. */
export function lookUpVariable(
  { args, later }: StageScope,
  env: ReadonlyMap<string, string>,
  name: string,
): string | undefined {
  return later.has(name) ? args.get(name) : (env.get(name) ?? args.get(name));
}

/** The arguments that RUN gives its process as environment, where no later ENV has the name. */
export function runArguments(
  { args, later }: StageScope,
  env: ReadonlyMap<string, string>,
): readonly (readonly [string, string])[] {
  return [...args].flatMap(([name, value]) =>
    value === undefined || (env.has(name) && !later.has(name)) ? [] : [[name, value] as const],
  );
}

/** All that a stage has declared, with the values that its shell sees: what the history of RUN says. */
export function declaredArguments(
  scope: StageScope,
  env: ReadonlyMap<string, string>,
): readonly (readonly [string, string])[] {
  return [...scope.args.keys()].map((name) => [name, lookUpVariable(scope, env, name) ?? ""] as const);
}

/** The proxies that were given: RUN has them though nothing declares them, in both cases, for programs read the one or the other. */
export function proxyArguments(build: BuildArguments): readonly (readonly [string, string])[] {
  const found = [...build.given].filter(([name]) => isProxy(name));
  for (const [name] of found) build.used.add(name);
  const both = found.flatMap(([name, value]) => [
    [name.toUpperCase(), value] as const,
    [name.toLowerCase(), value] as const,
  ]);
  return [...new Map([...both, ...found])];
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
