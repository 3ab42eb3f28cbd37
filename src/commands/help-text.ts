import { globalFlags } from "./global-flags.ts";
import type { VerbClass } from "./verb.ts";
import { topics, verbs, verbsOf } from "./verbs.ts";

const width = 80;
const usageOfGantry = "Usage: gantry [GLOBAL FLAGS] VERB [FLAGS] [ARGUMENTS]";

/** The help of gantry itself, 80 columns wide: the verbs and the global flags. */
export function helpOfGantry(): string {
  const list = [...verbs].flatMap(([name, { summary }]): Entry[] => (name.includes(" ") ? [] : [[name, summary]]));
  return paragraphs([
    "Runs the project of a compose file on the Docker or Podman that is here.",
    usageOfGantry,
    section("Verbs", list),
    section("Topics, with verbs of their own", [...topics]),
    section("Global flags, before or after the verb", flagEntries(globalFlags)),
    "gantry VERB --help tells more.",
  ]);
}

/** The help of a topic: its verbs. */
export function helpOfTopic(topic: string): string {
  const list = [...verbsOf(topic)].map(([name, { summary }]): Entry => [name, summary]);
  const title = topics.get(topic) ?? topic;
  const usage = `Usage: gantry ${topic} VERB [FLAGS] [ARGUMENTS]`;
  return paragraphs([`${title}.`, usage, section("Verbs", list), `gantry ${topic} VERB --help tells more.`]);
}

/** The help of one verb, 80 columns wide. */
export function helpOfVerb(name: string, verb: VerbClass): string {
  const own = flagEntries(verb.flags);
  const args = Object.entries(verb.args).map(([arg, { description }]): Entry => [arg.toUpperCase(), description ?? ""]);
  return paragraphs([
    `${verb.summary ?? name}.`,
    ...(verb.description === undefined ? [] : [wrap(verb.description, width).join("\n")]),
    `Usage: gantry ${usageWords(name, verb)}`,
    ...(args.length > 0 ? [section("Arguments", args)] : []),
    ...(own.length > 0 ? [section("Flags", own)] : []),
    section("Global flags", flagEntries(withoutLettersOf(verb.flags))),
  ]);
}

/** `Usage: gantry up [FLAGS] [SERVICES...]`, or gantry's own for no verb. */
export async function usageOf(name: string | undefined): Promise<string> {
  const verb = await (name === undefined ? undefined : verbs.get(name))?.load();
  return name === undefined || verb === undefined ? usageOfGantry : `Usage: gantry ${usageWords(name, verb)}`;
}

function usageWords(name: string, { args }: VerbClass): string {
  const words = Object.entries(args).map(([arg, { multiple, required }]) => {
    const word = `${arg.toUpperCase()}${multiple === true ? "..." : ""}`;
    return required === true ? word : `[${word}]`;
  });
  return [name, "[FLAGS]", ...words].join(" ");
}

/** A global flag loses its letter where the verb uses the letter itself. */
function withoutLettersOf(own: VerbClass["flags"]): VerbClass["flags"] {
  const letters = new Set(Object.values(own).map(({ char }) => char));
  const rest = Object.entries<VerbClass["flags"][string]>(globalFlags).filter(([name]) => !Object.hasOwn(own, name));
  return Object.fromEntries(
    rest.map(([name, { char, ...flag }]) => [name, char === undefined || letters.has(char) ? flag : { ...flag, char }]),
  );
}

/** What stands on the left, and what is said about it. */
type Entry = readonly [string, string];

function flagEntries(flags: VerbClass["flags"]): Entry[] {
  return Object.entries(flags).flatMap(([name, flag]): Entry[] => {
    if (flag.hidden === true) return [];
    const letter = flag.char === undefined ? "    " : `-${flag.char}, `;
    if (flag.type === "boolean") return [[`${letter}--${name}`, flag.description ?? ""]];
    const value = flag.options === undefined ? (flag.helpValue ?? "<value>") : "<word>";
    const words = flag.options === undefined ? "" : `: ${flag.options.join(", ")}`;
    return [[`${letter}--${name} ${value}`, `${flag.description ?? ""}${words}`]];
  });
}

function section(title: string, entries: readonly Entry[]): string {
  const left = Math.max(...entries.map(([what]) => what.length)) + 4;
  const lines = entries.flatMap(([what, text]) =>
    wrap(text, width - left).map((line, i) => `${(i === 0 ? `  ${what}` : "").padEnd(left)}${line}`.trimEnd()),
  );
  return [`${title}:`, ...lines].join("\n");
}

function wrap(text: string, columns: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= columns) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function paragraphs(texts: readonly string[]): string {
  return `${texts.join("\n\n")}\n`;
}
