import { exitCodes, InterruptedError, UsageError } from "../errors.ts";
import { reportError } from "../ui/report.ts";
import { errorLine } from "./answer.ts";
import { cutArgv, spellOut } from "./argv.ts";
import { putInOrder } from "./before-exit.ts";
import { findVerb, withoutIdle } from "./find-verb.ts";
import { globalFlags } from "./global-flags.ts";
import { oclifConfig } from "./oclif-config.ts";
import { pluginMetadata, readPluginCall } from "./plugin.ts";
import { drained, styleOf } from "./screen.ts";
import { usageMessage } from "./usage-error.ts";
import type { VerbClass } from "./verb.ts";
import { topics, verbs } from "./verbs.ts";

/** In front of the verb also `-v` and `--version`: `gantry version`. */
const rootFlags = { ...globalFlags, version: { type: "boolean", char: "v", hidden: true } } as const;

/** What is being run, as far as it is known, and whether its answer is to be JSON: for errors, which may come at any time. */
let call: { readonly command?: string; readonly isJson: boolean } = { isJson: isFlag(process.argv.slice(2), "--json") };

/** What becomes of the work is of no interest any more. */
let isEndingEarly = false;
process.once("SIGINT", () => endEarly(report(new InterruptedError())));
for (const stream of [process.stdout, process.stderr]) stream.on("error", endQuietly);
run(process.argv.slice(2)).then(end, (error) => (isEndingEarly ? undefined : end(report(error))));

/** Says what went wrong: on stdout with `--json`, else on stderr. Gives the exit code. */
function report(error: unknown): number {
  if (call.isJson) {
    const { text, exitCode } = errorLine(call.command, error);
    process.stdout.write(text);
    return exitCode;
  }
  const { text, exitCode } = reportError(error, { style: styleOf(process.stderr), directory: process.cwd() });
  process.stderr.write(text);
  return exitCode;
}

/** Ends the process when its output has been taken: a pipe takes it as fast as its reader does, and exit() drops the rest. */
async function end(exitCode: number): Promise<void> {
  if (isEndingEarly) return;
  await Promise.all([process.stdout, process.stderr].map((stream) => drained(stream, 0)));
  process.exit(exitCode);
}

async function run(argv: readonly string[]): Promise<number> {
  const plugin = readPluginCall(argv, process.env);
  if (plugin !== undefined) {
    Object.assign(process.env, plugin.environment);
    return run(plugin.argv);
  }
  const [hidden, ...words] = argv;
  if (hidden === "docker-cli-plugin-metadata") {
    process.stdout.write(`${JSON.stringify(pluginMetadata)}\n`);
    return exitCodes.ok;
  }
  // docker asks plug-ins whether they have anything to say behind its own commands.
  if (hidden === "docker-cli-plugin-hooks") return exitCodes.ok;
  if (hidden === "__complete") return printCompletions(words[0] === "compose" ? words.slice(1) : words);
  const { before, verb: first, after: behind } = await withUsage(undefined, () => cutArgv(argv, rootFlags));
  const json = before.filter((word) => word === "--json");
  if (before.some((word) => word === "-v" || word === "--version")) return execute("version", json, []);
  const asksHelp = before.some((word) => word === "-h" || word === "--help");
  if (first === undefined) return execute("help", json, []);
  const { verb, after } = findVerb(first, behind);
  if (!asksHelp && !topics.has(verb)) return execute(verb, before, after);
  return execute("help", isFlag(after, "--json") ? ["--json"] : json, verb.split(" "));
}

/** Lines of a value and, behind a tab, its meaning; then whether file names do as well: `:0`, or `:4` for no. */
async function printCompletions(words: readonly string[]): Promise<number> {
  const { complete, sourcesFor } = await import("./complete.ts");
  const { values, files } = await complete(words, sourcesFor(words));
  const lines = values.map(([value, meaning]) => (meaning === "" ? value : `${value}\t${meaning}`));
  process.stdout.write([...lines, files ? ":0" : ":4", ""].join("\n"));
  return exitCodes.ok;
}

async function execute(name: string, before: readonly string[], after: readonly string[]): Promise<number> {
  const entry = verbs.get(name);
  if (entry === undefined) throw await unknownVerb(name);
  const Verb = await entry.load();
  call = { command: name, isJson: call.isJson && isFlag([...before, ...flagsOf(after, Verb)], "--json") };
  return withUsage(name, async () => {
    const { kept, idle } = withoutIdle(after, Verb);
    for (const flag of idle) process.stderr.write(`gantry: warning: ${flag} has no effect any more\n`);
    const argv = spellOut({ before, after: kept }, globalFlags, Verb.flags, Verb);
    // A flag of that name of the verb's own is docker compose's; before the verb, ours can be given all the same.
    const flags = Object.hasOwn(Verb.flags, "json") ? spellOut({ before, after: [] }, globalFlags, {}) : argv;
    const isJson = isFlag(flags, "--json");
    call = { command: name, isJson };
    if (isFlag(argv, "--help")) return execute("help", isJson ? ["--json"] : [], name.split(" "));
    return new Verb(argv, oclifConfig()).execute(name, isJson);
  });
}

/** The words behind a verb that may be its flags. */
function flagsOf(after: readonly string[], { takesCommand }: VerbClass): readonly string[] {
  const first = after.findIndex((word) => !word.startsWith("-"));
  return takesCommand && first !== -1 ? after.slice(0, first) : after;
}

/** Whether a flag stands among the flags, not among the words behind `--`. */
function isFlag(argv: readonly string[], flag: string): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? argv.length : end).includes(flag);
}

async function unknownVerb(word: string): Promise<UsageError> {
  const { suggestion } = await import("../compose/nearest.ts");
  const { usageOf } = await import("./help-text.ts");
  const meant = suggestion(word, [...verbs.keys(), ...topics.keys()]);
  return new UsageError(`unknown verb "${word}"`, {
    hint: [...(meant ? [meant] : []), await usageOf(undefined)].join("\n"),
  });
}

/** Does something; where it finds the command line at fault, adds how the verb is used. */
async function withUsage<T>(verb: string | undefined, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = usageMessage(error);
    if (message === undefined) throw error;
    const { usageOf } = await import("./help-text.ts");
    const hint = error instanceof UsageError ? error.hint : undefined;
    throw new UsageError(message, { hint: [...(hint ? [hint] : []), await usageOf(verb)].join("\n"), cause: error });
  }
}

/** A reader that went away (`gantry logs | head`) is told by the exit code only: that of SIGPIPE, as everywhere on Unix. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  endEarly(exitCodes.brokenPipe);
}

/** Ends the process in the middle of its work, at once where there is nothing to put in order. */
function endEarly(exitCode: number): void {
  if (isEndingEarly) return;
  isEndingEarly = true;
  const done = putInOrder();
  if (done === undefined) process.exit(exitCode);
  void done.then(() => process.exit(exitCode));
}
