import { load } from "../compose/load.ts";
import { labels } from "../reconcile/labels.ts";
import { cutArgv, type FlagShape, type FlagShapes } from "./argv.ts";
import { findVerb } from "./find-verb.ts";
import { globalFlags } from "./global-flags.ts";
import { loadOptions } from "./project.ts";
import { openEngine } from "./session.ts";
import type { VerbClass } from "./verb.ts";
import { topics, verbs, verbsOf } from "./verbs.ts";

/** What the word under the cursor may become. */
export interface Completions {
  /** Values, each with what it means, if that is known. */
  readonly values: readonly (readonly [value: string, meaning: string])[];
  /** Names of files do as well. */
  readonly files: boolean;
}

/** Where values come from that only the files or the engine know. */
export interface Sources {
  readonly services: () => Promise<readonly string[]>;
  readonly profiles: () => Promise<readonly string[]>;
  readonly projects: () => Promise<readonly string[]>;
}

const nothing: Completions = { values: [], files: false };
const anyFile: Completions = { values: [], files: true };

/**
 * Completes the last of some words, which may be empty: a verb, a flag, a flag's value, or the name of a service.
 *
 * @param words the command line without `gantry`
 */
export async function complete(words: readonly string[], sources: Sources): Promise<Completions> {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? "";
  const { verb: first, after: behind } = cutLeniently(before);
  const { verb, after } = first === undefined ? { verb: undefined, after: before } : findVerb(first, behind);
  const command = verb === undefined ? undefined : await verbs.get(verb)?.load();
  const shapes: FlagShapes & Readonly<Record<string, FlagShape & { readonly options?: readonly string[] }>> = {
    ...globalFlags,
    ...command?.flags,
  };
  const open = openOption(before.at(-1), shapes);
  if (open !== undefined) return startingWith(last, await valuesOf(open, shapes[open], sources));
  if (last.startsWith("-") && !after.includes("--")) return startingWith(last, flagNames(shapes));
  if (verb === undefined) return startingWith(last, { values: verbNames(), files: false });
  if (topics.has(verb)) {
    const values = [...verbsOf(verb)].map(([name, { summary }]) => [name.slice(verb.length + 1), summary] as const);
    return startingWith(last, { values, files: false });
  }
  return startingWith(last, await argumentsOf(command, after, sources));
}

/** The sources of this machine: files that cannot be read and engines that do not answer have nothing to offer. */
export function sourcesFor(words: readonly string[]): Sources {
  const flagOf = (...names: readonly string[]) => {
    const index = words.findIndex((word) => names.includes(word));
    return index === -1 ? undefined : words[index + 1];
  };
  const file = flagOf("-f", "--file");
  const flags = {
    ...(file !== undefined && { file: [file] }),
    ...(flagOf("--project-directory") && { "project-directory": flagOf("--project-directory") }),
  };
  const project = async () => (await load({ ...loadOptions({ ...noFlags, ...flags }), profiles: ["*"] })).project;
  const orNone = <T>(asked: Promise<readonly T[]>) => asked.catch((): readonly T[] => []);
  return {
    services: () => orNone(project().then(({ services }) => [...services.keys()])),
    profiles: () =>
      orNone(
        project().then(({ services }) => [
          ...new Set([...services.values()].flatMap(({ profiles }) => profiles ?? [])),
        ]),
      ),
    projects: () => orNone(listProjects()),
  };
}

const noFlags = {
  "all-resources": false,
  compatibility: false,
  "dry-run": false,
  help: false,
  json: false,
  "no-ansi": false,
  "trust-remote": false,
  verbose: false,
  ansi: undefined,
  engine: undefined,
  "env-file": undefined,
  file: undefined,
  "insecure-registry": undefined,
  isolate: undefined,
  parallel: undefined,
  profile: undefined,
  progress: undefined,
  "project-directory": undefined,
  "project-name": undefined,
};

async function listProjects(): Promise<readonly string[]> {
  const engine = await openEngine({ engine: undefined });
  const containers = await engine.containerList({ all: true, filters: { label: [labels.project] } });
  return [...new Set(containers.map(({ Labels }) => Labels[labels.project] ?? ""))].sort();
}

/** A command line that is not finished may be wrong: then there is no verb. */
function cutLeniently(words: readonly string[]): ReturnType<typeof cutArgv> {
  try {
    return cutArgv(words, globalFlags);
  } catch {
    return { before: words, verb: undefined, after: [] };
  }
}

/** The option whose value the next word is. */
function openOption(word: string | undefined, shapes: FlagShapes): string | undefined {
  if (word === undefined || !word.startsWith("-") || word.includes("=")) return undefined;
  const isNamed = ([name, { char, aliases }]: [string, FlagShape]) =>
    word === `--${name}` || word === `-${char}` || aliases?.some((alias) => word === `--${alias}`) === true;
  const [name, shape] = Object.entries(shapes).find(isNamed) ?? [];
  return shape?.type === "option" ? name : undefined;
}

const ofServices: ReadonlySet<string> = new Set(["attach", "exit-code-from", "no-attach", "hash"]);

async function valuesOf(
  name: string,
  shape: (FlagShape & { readonly options?: readonly string[] }) | undefined,
  sources: Sources,
): Promise<Completions> {
  const plain = (values: readonly string[]): Completions => ({ values: values.map((v) => [v, ""]), files: false });
  if (shape?.options !== undefined) return plain(shape.options);
  if (ofServices.has(name)) return plain(await sources.services());
  if (name === "profile") return plain(await sources.profiles());
  if (name === "project-name") return plain(await sources.projects());
  if (name === "scale") return plain((await sources.services()).map((service) => `${service}=`));
  return anyFile;
}

function flagNames(shapes: FlagShapes): Completions {
  const shown = Object.entries<FlagShape & { readonly description?: string }>(shapes).filter(
    ([, { hidden }]) => hidden !== true,
  );
  return { values: shown.map(([name, { description }]) => [`--${name}`, description ?? ""]), files: false };
}

function verbNames(): Completions["values"] {
  const own = [...verbs].flatMap(([name, { summary }]) => (name.includes(" ") ? [] : [[name, summary] as const]));
  return [...own, ...topics];
}

async function argumentsOf(
  command: VerbClass | undefined,
  after: readonly string[],
  sources: Sources,
): Promise<Completions> {
  if (command === undefined) return nothing;
  const names = Object.entries(command.args);
  const words = after.filter((word) => !word.startsWith("-"));
  const [name] = names[Math.min(words.length, names.length - 1)] ?? [];
  if (name === "services" || (name === "service" && words.length === 0)) {
    const services = await sources.services();
    return { values: services.filter((service) => !words.includes(service)).map((s) => [s, ""]), files: false };
  }
  if (name === "service=n") {
    return { values: (await sources.services()).map((service) => [`${service}=`, ""]), files: false };
  }
  if (name === "verb") return { values: verbNames(), files: false };
  return name === undefined || name === "command" ? nothing : anyFile;
}

function startingWith(prefix: string, { values, files }: Completions): Completions {
  return { values: values.filter(([value]) => value.startsWith(prefix)), files };
}
