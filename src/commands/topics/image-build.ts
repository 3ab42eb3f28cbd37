import { resolve } from "node:path";
import { parseSize } from "../../compose/short/size.ts";
import { isRemoteContext } from "../../engine/build-order.ts";
import { UsageError } from "../../errors.ts";
import { draft } from "../../reconcile/draft.ts";
import { carryOut } from "../carry-out.ts";
import { catchInterrupt } from "../interrupts.ts";
import { processEnvironment } from "../process-environment.ts";
import { openProgressFor } from "../screen.ts";
import { Flags, several } from "../verb.ts";
import { engineVerb, type FlagsOf, readPairs } from "./engine-verb.ts";

const buildFlags = {
  "build-arg": Flags.string({ ...several, helpValue: "<name=value>", description: "set a build argument" }),
  file: Flags.string({ char: "f", helpValue: "<file>", description: "the Dockerfile; Dockerfile in the context" }),
  label: Flags.string({ ...several, helpValue: "<name=value>", description: "add a label" }),
  network: Flags.string({ helpValue: "<mode>", description: "the network of RUN: default, none, host" }),
  "no-cache": Flags.boolean({ description: "build every step anew" }),
  platform: Flags.string({ helpValue: "<os/arch>", description: "for this platform" }),
  pull: Flags.boolean({ description: "look for newer base images" }),
  quiet: Flags.boolean({ char: "q", description: "show no progress, print the image's id" }),
  secret: Flags.string({ ...several, helpValue: "<secret>", description: "for RUN: id=ID,src=FILE or id=ID,env=NAME" }),
  "shm-size": Flags.string({ helpValue: "<size>", description: "size of /dev/shm of RUN" }),
  tag: Flags.string({ ...several, char: "t", helpValue: "<name>", description: "the image's name" }),
  target: Flags.string({ helpValue: "<stage>", description: "build this stage only" }),
};

/** `docker build`, by whatever builds the images of a project. */
export const build = engineVerb<FlagsOf<typeof buildFlags>>({
  summary: "Build an image of a Dockerfile",
  words: "context",
  flags: buildFlags,
  run: async ({ engine, words: [context = "", ...rest], flags }) => {
    const { tag: tags = [], target, network, platform } = flags;
    if (rest.length > 0) throw new UsageError("build takes one context: a directory, or a URL");
    const [name] = tags;
    if (name === undefined) throw new UsageError("the image needs a name", { hint: "give --tag" });
    const isRemote = isRemoteContext(context);
    const place = isRemote ? context : resolve(context);
    const file = flags.file ?? (isRemote ? undefined : resolve(place, "Dockerfile"));
    const environment = processEnvironment();
    const given = (flags["build-arg"] ?? []).map((text) => {
      return text.includes("=") ? text : `${text}=${environment.get(text) ?? ""}`;
    });
    const steps = draft("");
    steps.add({
      op: "build-image",
      order: {
        name,
        tags: tags.toReversed(),
        context: place,
        args: readPairs(given),
        labels: readPairs(flags.label),
        secrets: (flags.secret ?? []).map((text) => secretOf(text, environment)),
        ...(file !== undefined && { dockerfile: isRemote ? file : resolve(file) }),
        ...(target !== undefined && { target }),
        ...(network !== undefined && { network }),
        ...(platform !== undefined && { platform, platforms: [platform] }),
        ...(flags["no-cache"] && { noCache: true }),
        ...(flags.pull && { pull: true }),
        ...(flags["shm-size"] !== undefined && { shmSize: sizeOf(flags["shm-size"]) }),
      },
      subject: { kind: "image", name },
      why: "build was asked for",
      after: [],
    });
    using interrupt = catchInterrupt();
    const progress = await openProgressFor(flags.quiet ? { ...flags, progress: "quiet" } : flags);
    const session = { engine, name: "", environment, debug: () => {} };
    await carryOut(session, steps.plan(), { progress, signal: interrupt.signal });
    if (!flags.quiet && !flags.json) return undefined;
    const { Id: id } = await engine.imageInspect({ name });
    if (!flags.json) process.stdout.write(`${id}\n`);
    return { data: { changes: progress.changes.map((change) => ({ ...change, id })) } };
  },
});

/** `id=token,src=token.txt`, `id=token,env=TOKEN`, or `id=token` for a variable of that name. */
function secretOf(text: string, environment: ReadonlyMap<string, string>) {
  const fields = new Map(Object.entries(readPairs(text.split(","))));
  const id = fields.get("id");
  if (id === undefined || id === "") throw new UsageError(`--secret ${text}: it has no id`);
  const file = fields.get("src") ?? fields.get("source");
  if (file !== undefined) return { id, file: resolve(file) };
  const variable = fields.get("env") ?? id;
  const content = environment.get(variable);
  if (content === undefined) throw new UsageError(`--secret ${text}: the variable ${variable} is not set`);
  return { id, environment: variable, content };
}

function sizeOf(text: string): number {
  const parsed = parseSize(text);
  if (parsed.error !== undefined) throw new UsageError(`--shm-size: ${parsed.error}`);
  return parsed.value;
}
