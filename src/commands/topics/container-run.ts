import { readFile, writeFile } from "node:fs/promises";
import { parseRawEnv } from "../../compose/raw-env-file.ts";
import { parseReference } from "../../engine/reference.ts";
import { EngineError, exitCodes, GantryError, UsageError } from "../../errors.ts";
import { beforeExit } from "../before-exit.ts";
import { variables } from "../exec-command.ts";
import { processEnvironment } from "../process-environment.ts";
import { runToEnd } from "../run-container.ts";
import { wantsTerminal } from "../talk.ts";
import { jsonOutput } from "../talk-output.ts";
import { Flags } from "../verb.ts";
import { type ContainerFlags, containerBody } from "./container-body.ts";
import { containerFlags } from "./container-flags.ts";
import { type Call, engineVerb, type FlagsOf, readPairs } from "./engine-verb.ts";
import { pullImage } from "./show-progress.ts";

const cidfile = Flags.string({
  helpValue: "<file>",
  description: "write its id to this file, which must not be there",
});

const createFlags = { ...containerFlags, cidfile };
const runFlags = {
  ...createFlags,
  detach: Flags.boolean({ char: "d", description: "leave it in the background, print its id" }),
  "detach-keys": Flags.string({ helpValue: "<keys>", description: "keys that leave it running: ctrl-p,ctrl-q" }),
  "sig-proxy": Flags.boolean({ allowNo: true, default: true, description: "pass signals on to it" }),
};

/** `docker create`. */
export const create = engineVerb<FlagsOf<typeof createFlags>>({
  summary: "Create a container, do not start it",
  words: "image",
  takesCommand: true,
  flags: createFlags,
  run: async (call) => {
    const id = await createContainer(call, { stdin: call.flags.interactive, output: true });
    if (!call.flags.json) process.stdout.write(`${id}\n`);
    return { data: { id } };
  },
});

/** `docker run`: exits with the code of the container's command. */
export const run = engineVerb<FlagsOf<typeof runFlags>>({
  summary: "Run a command in a container of its own",
  words: "image",
  takesCommand: true,
  flags: runFlags,
  run: async (call) => {
    const { engine, flags } = call;
    const { detach, interactive, rm } = flags;
    if (!detach) wantsTerminal({ tty: flags.tty, interactive, json: flags.json });
    // While somebody is attached, its exit code is asked for before it is removed.
    const own = { ...call, flags: { ...flags, rm: rm && detach } };
    const id = await createContainer(own, { stdin: interactive && !detach, output: !detach });
    try {
      if (detach) {
        await engine.containerStart({ id });
        if (!flags.json) process.stdout.write(`${id}\n`);
        return { data: { id } };
      }
      const streams = { tty: flags.tty, stdin: interactive, remove: rm };
      const how = { detachKeys: flags["detach-keys"], forwardSignals: flags["sig-proxy"] };
      const output = flags.json && { output: jsonOutput(flags.name ?? id.slice(0, 12)) };
      const attached = { id, ...streams, ...how, ...output };
      return { exitCode: await runToEnd(engine, attached, () => engine.containerStart({ id })), data: { id } };
    } catch (error) {
      throw startFailure(error);
    }
  },
});

/** docker's codes for a program that is not there, or cannot be run. */
function startFailure(error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  if (/not found|no such file/i.test(error.message))
    return new EngineError(error.message, { cause: error, exitCode: 127 });
  if (!/permission denied/i.test(error.message)) return error;
  return new EngineError(error.message, { cause: error, exitCode: exitCodes.notExecutable });
}

type Settings = ContainerFlags & { readonly cidfile?: string | undefined };

/** Makes the container, and pulls its image first where that is missing or wanted anew. */
async function createContainer(
  { engine, words: [image = "", ...words], flags }: Call<Settings>,
  attach: { readonly stdin: boolean; readonly output: boolean },
): Promise<string> {
  parseReference(/^(sha256:)?[0-9a-f]{64}$/.test(image) ? "id" : image);
  const fromFiles = await Promise.all((flags["env-file"] ?? []).map(readVariables));
  const labelFiles = await Promise.all((flags["label-file"] ?? []).map(readVariables));
  const environment = [...fromFiles.flat(), ...variables(flags.env ?? [], processEnvironment())];
  const labels = readPairs([...labelFiles.flat(), ...(flags.label ?? [])]);
  const body = containerBody(flags, { image, words, environment, labels, attach });
  const { platform, name, pull } = flags;
  const pulled = () => pullImage(engine, image, { platform, quiet: flags.quiet, json: flags.json }, process.stderr);
  const made = () =>
    engine.containerCreate({ body, ...(name !== undefined && { name }), ...(platform !== undefined && { platform }) });
  if (pull === "always") await pulled();
  if (flags.cidfile !== undefined) await reserve(flags.cidfile);
  let making = made();
  using _ = beforeExit(async () => engine.containerRemove({ id: (await making).Id, force: true, v: true }));
  const { Id: id, Warnings } = await making.catch(async (error: unknown) => {
    const isMissing = error instanceof EngineError && error.status === 404 && /no such image/i.test(error.message);
    if (!isMissing || pull === "never") throw error;
    await pulled();
    making = made();
    return making;
  });
  for (const warning of Warnings ?? []) process.stderr.write(`gantry: warning: ${warning}\n`);
  if (flags.cidfile !== undefined) await writeFile(flags.cidfile, id);
  return id;
}

/** Makes the file that the id is to be in. Throws UsageError where there is one: two containers must not share it. */
async function reserve(file: string): Promise<void> {
  try {
    await writeFile(file, "", { flag: "wx" });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`--cidfile ${file}: ${reason}`, { hint: "remove it, or name another file", cause });
  }
}

/** The lines of an env file of docker's, which knows no quotes. */
async function readVariables(path: string): Promise<string[]> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new GantryError(`${path} cannot be read: ${cause instanceof Error ? cause.message : cause}`, { cause });
  });
  const environment = processEnvironment();
  const { entries, errors } = parseRawEnv({ path, text }, (name) => environment.get(name));
  const [wrong] = errors;
  if (wrong !== undefined) throw new GantryError(`${path}: ${wrong.message}`);
  return [...entries].map(([name, value]) => `${name}=${value}`);
}
