import { randomBytes } from "node:crypto";
import type { ProjectModel } from "../compose/model.ts";
import { select } from "../compose/select.ts";
import type { Engine } from "../engine/api.ts";
import { GantryError, InterruptedError, UsageError } from "../errors.ts";
import { type Divided, holdBack } from "../reconcile/held-back.ts";
import { labels } from "../reconcile/labels.ts";
import { joined } from "../reconcile/names.ts";
import type { OneOff } from "../reconcile/up-options.ts";
import type { Change } from "../ui/changes.ts";
import type { Answer } from "./answer.ts";
import { showRounds } from "./bring-up-detached.ts";
import { catchInterrupt } from "./interrupts.ts";
import { bringUp, prepareUp, type UpRequest } from "./rounds.ts";
import { runAttached, runDetached } from "./run-container.ts";
import { runService } from "./run-service.ts";
import { openProgressFor } from "./screen.ts";
import { type LoadedSession, openSession } from "./session.ts";
import { wantsTerminal } from "./talk.ts";
import { jsonOutput } from "./talk-output.ts";
import { terminalFlags } from "./terminal-flags.ts";
import { Args, Flags, several, Verb } from "./verb.ts";

/** `gantry run`: runs a command in a container of its own, made from a service; exits with the command's code. */
export default class Run extends Verb {
  static override summary = "Run a command in a container of its own";
  static override takesCommand = true;
  static override args = {
    service: Args.string({ required: true, description: "the service", ignoreStdin: true }),
    command: Args.string({ multiple: true, description: "the command's words; its own", ignoreStdin: true }),
  };
  static override flags = {
    build: Flags.boolean({ description: "build images first" }),
    "cap-add": Flags.string({ ...several, helpValue: "<name>", description: "add a capability" }),
    "cap-drop": Flags.string({ ...several, helpValue: "<name>", description: "take a capability away" }),
    detach: Flags.boolean({ char: "d", description: "leave it in the background, print its id" }),
    entrypoint: Flags.string({ helpValue: "<words>", description: "another entrypoint" }),
    env: Flags.string({ ...several, char: "e", helpValue: "<name=value>", description: "set a variable" }),
    "env-from-file": Flags.string({ ...several, helpValue: "<file>", description: "set the variables of this file" }),
    label: Flags.string({
      ...several,
      char: "l",
      aliases: ["labels"],
      helpValue: "<name=value>",
      description: "add a label",
    }),
    name: Flags.string({ helpValue: "<name>", description: "the container's name" }),
    "no-deps": Flags.boolean({ description: "leave alone what the service depends on" }),
    ...terminalFlags,
    publish: Flags.string({ ...several, char: "p", helpValue: "<port>", description: "publish a port: 8080:80" }),
    pull: Flags.option({
      options: ["always", "missing", "never", "policy"] as const,
      description: "when to pull images",
    })(),
    quiet: Flags.boolean({ char: "q", description: "show nothing but the command's output" }),
    "quiet-build": Flags.boolean({ description: "show no build output" }),
    "quiet-pull": Flags.boolean({ description: "show no progress of pulls" }),
    "remove-orphans": Flags.boolean({ description: "remove containers whose service is gone" }),
    rm: Flags.boolean({ description: "remove the container when the command has ended" }),
    "service-ports": Flags.boolean({ char: "P", description: "publish the service's ports" }),
    "use-aliases": Flags.boolean({ description: "take the service's names on the networks" }),
    user: Flags.string({ char: "u", helpValue: "<user>", description: "run as this user" }),
    volume: Flags.string({
      ...several,
      char: "v",
      aliases: ["volumes"],
      helpValue: "<mount>",
      description: "mount a volume or a path: ./data:/data",
    }),
    workdir: Flags.string({ char: "w", helpValue: "<path>", description: "directory in the container" }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Run);
    if (flags.publish !== undefined && flags["service-ports"]) {
      throw new UsageError("--service-ports and --publish are incompatible");
    }
    const tty = wantsTerminal(flags);
    const session = await openSession(flags, [args.service]);
    const oneOff = oneOffOf(session.loaded.project, args.service, flags);
    const settings = { flags, command: args.command ?? [], tty, stdin: flags.interactive };
    const changed = await withRunService(session, args.service, settings);
    const planned = { ...flags, "always-recreate-deps": false };
    const { up, ...others } = await prepareUp(changed, planned, [args.service]);
    const request: UpRequest = { ...others, up: { ...up, oneOff } };
    if (flags["dry-run"]) return showRounds(request, planned);
    const making = makeContainer(request, oneOff, planned);
    const { id, divided, created, changes } = await making.catch(async (error: unknown) => {
      if (error instanceof InterruptedError) await removeMade(session.engine, oneOff);
      throw error;
    });
    const plan = divided.later(created);
    const data = { container: oneOff.name, id, changes };
    if (flags.detach) {
      await runDetached(changed, plan);
      if (!flags.quiet && !flags.json) process.stdout.write(`${id}\n`);
      return { data };
    }
    const output = flags.json && { output: jsonOutput(oneOff.name) };
    const attached = { id, tty, stdin: flags.interactive, remove: flags.rm === true, ...output };
    return { exitCode: await runAttached(changed, plan, attached), data };
  }
}

function oneOffOf(
  project: ProjectModel,
  service: string,
  flags: {
    readonly name?: string | undefined;
    readonly interactive: boolean;
    readonly detach: boolean;
    readonly rm: boolean;
    readonly "use-aliases": boolean;
  },
): OneOff {
  const slug = randomBytes(32).toString("hex");
  return {
    service,
    name: flags.name ?? joined(project, service, "run", slug.slice(0, 12)),
    slug,
    stdin: flags.interactive,
    useAliases: flags["use-aliases"] === true,
    // While somebody is attached, its exit code is asked for first.
    autoRemove: flags.rm === true && flags.detach === true,
  };
}

/** The session with the service as it is run this once. */
async function withRunService(
  session: LoadedSession,
  name: string,
  settings: Parameters<typeof runService>[2],
): Promise<LoadedSession> {
  const { project } = session.loaded;
  select(project, [name], { dependencies: false });
  const service = project.services.get(name);
  if (service === undefined) throw new GantryError(`service "${name}" is not enabled`);
  if (service.provider !== undefined) throw new GantryError(`service "${name}" is run by a provider`);
  const changed = await runService(project, service, settings);
  const services = new Map(project.services).set(name, changed);
  return { ...session, loaded: { ...session.loaded, project: { ...project, services } } };
}

/** Where it is interrupted before it runs, it never was. */
async function removeMade(engine: Engine, { slug }: OneOff): Promise<void> {
  const made = await engine.containerList({ all: true, filters: { label: [`${labels.slug}=${slug}`] } });
  for (const { Id: id } of made) await engine.containerRemove({ id, force: true, v: true });
}

/** Brings up what the container needs, and makes it; what starts it is held back, so that the screen is free by then. */
async function makeContainer(
  request: UpRequest,
  { name }: OneOff,
  flags: Parameters<typeof bringUp>[1]["flags"] & { readonly quiet: boolean },
): Promise<{ id: string; divided: Divided; created: ReadonlyMap<number, string>; changes: readonly Change[] }> {
  using interrupt = catchInterrupt();
  let divided: Divided | undefined;
  let making: number | undefined;
  const progress = await openProgressFor(flags);
  const created = await bringUp(request, {
    verb: "run",
    flags,
    yes: false,
    progress,
    signal: interrupt.signal,
    partOf: (plan) => {
      making = plan.steps.find(({ op, subject }) => op === "create-container" && subject.name === name)?.id;
      divided = holdBack(plan, (step) => step.op === "start-container" && step.subject.name === name);
      return divided.now;
    },
  });
  const id = making === undefined ? undefined : created.get(making);
  if (divided === undefined || id === undefined) throw new Error("the plan of run makes no container");
  return { id, divided, created, changes: progress.changes };
}
