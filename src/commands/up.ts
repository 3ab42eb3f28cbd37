import type { EngineClient } from "../engine/client.ts";
import { exitCodes, GantryError } from "../errors.ts";
import { type Menu, makeMenu } from "../ui/menu.ts";
import { openOutput } from "../ui/output.ts";
import type { Answer } from "./answer.ts";
import { attachedServices, unknownService } from "./attach-choice.ts";
import { bringUpDetached } from "./bring-up-detached.ts";
import { confirmPlan } from "./confirm-plan.ts";
import { runInForeground } from "./foreground.ts";
import { type HeadStart, headStart } from "./head-start.ts";
import { openLogWriter } from "./open-log-writer.ts";
import { planningFlags } from "./planning-flags.ts";
import { prepareUp, type UpRequest } from "./rounds.ts";
import type { RunWatchOptions, WatchedProject } from "./run-watch.ts";
import { isTrue, openProgressFor, styleOf } from "./screen.ts";
import { openSession } from "./session.ts";
import { Flags, serviceArgs, several, Verb } from "./verb.ts";

/** What makes no sense when nothing stays in the foreground. */
const attachedOnly = [
  "abort-on-container-exit",
  "abort-on-container-failure",
  "attach",
  "attach-dependencies",
  "exit-code-from",
  "menu",
  "watch",
];

/** `gantry up`: brings the engine to what the files say. */
export default class Up extends Verb {
  static override summary = "Bring the project up: create, update and start";
  static override args = serviceArgs;
  static override flags = {
    detach: Flags.boolean({
      char: "d",
      exclusive: attachedOnly,
      description: "leave the containers in the background",
    }),
    confirm: Flags.boolean({ description: "show the plan, and ask before it is carried out" }),
    wait: Flags.boolean({
      exclusive: attachedOnly,
      description: "wait until all run or are healthy; implies --detach",
    }),
    "wait-timeout": Flags.integer({ min: 0, helpValue: "<s>", description: "wait so long at most" }),
    ...planningFlags,
    "quiet-build": Flags.boolean({ description: "show no build output" }),
    "quiet-pull": Flags.boolean({ description: "show no progress of pulls" }),
    "abort-on-container-exit": Flags.boolean({
      exclusive: ["abort-on-container-failure"],
      description: "stop all as soon as one stops",
    }),
    "abort-on-container-failure": Flags.boolean({ description: "stop all as soon as one fails" }),
    attach: Flags.string({
      ...several,
      exclusive: ["attach-dependencies"],
      helpValue: "<service>",
      description: "show the output of this service only",
    }),
    "attach-dependencies": Flags.boolean({ description: "show the output of dependencies too" }),
    "exit-code-from": Flags.string({
      helpValue: "<service>",
      description: "exit with this service's code; implies --abort-on-container-exit",
    }),
    menu: Flags.boolean({
      allowNo: true,
      description: "keys below the output: w watches, d detaches; on by itself on a terminal",
    }),
    "no-attach": Flags.string({ ...several, helpValue: "<service>", description: "show no output of this service" }),
    "no-color": Flags.boolean({ description: "no colours in the output" }),
    "no-log-prefix": Flags.boolean({ description: "no names in front of the lines" }),
    timestamps: Flags.boolean({ description: "with the times of the lines" }),
    watch: Flags.boolean({
      char: "w",
      exclusive: ["no-build"],
      description: "sync, rebuild and restart as files change, beside the output",
    }),
    yes: Flags.boolean({ char: "y", aliases: ["y"], description: "answer every question with yes" }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Up);
    const services = args.services ?? [];
    const isDetached = flags["dry-run"] || flags.detach || flags.wait || flags["no-start"];
    let begun: Promise<HeadStart | undefined> | undefined;
    const begin = (engine: EngineClient, name: string) => {
      if (isDetached && !flags["dry-run"] && !flags.confirm) begun = headStart(engine, name, "up");
    };
    const session = await openSession(flags, services, begin);
    const request = await prepareUp(session, flags, services, {
      wait: flags.wait === true,
      ...(flags["wait-timeout"] && { waitTimeout: flags["wait-timeout"] * 1000 }),
    });
    const { model } = request;
    if (model.services.size === 0) {
      throw new GantryError("no service selected", { hint: "the files name none, or each has a profile that is off" });
    }
    const attached = attachedServices(model, {
      services,
      attach: flags.attach ?? [],
      noAttach: flags["no-attach"] ?? [],
      dependencies: flags["attach-dependencies"] === true,
    });
    const exitCodeFrom = flags["exit-code-from"];
    if (exitCodeFrom !== undefined && !model.services.has(exitCodeFrom)) {
      throw unknownService(exitCodeFrom, model.services.keys());
    }
    if (flags.watch) (await import("./run-watch.ts")).checkWatchable(request, services);
    const yes = flags.yes === true;
    if (flags.confirm && !flags["dry-run"] && !(await confirmPlan(request, flags)))
      return { exitCode: exitCodes.failure, data: { changes: [] } };
    if (isDetached) {
      return bringUpDetached(request, { verb: "up", flags, yes, headStart: await begun });
    }
    const menu = menuFor(flags.menu ?? isMenuWanted(session.environment), flags);
    const output = openOutput(menu?.streams ?? process);
    const abortOnFailure = flags["abort-on-container-failure"] === true;
    const abortOnExit = flags["abort-on-container-exit"] === true || (exitCodeFrom !== undefined && !abortOnFailure);
    const writer = openLogWriter(flags, output.write);
    const write = (text: string) => output.write("stdout", Buffer.from(text));
    const writeProgress = (text: string) => output.write("stderr", Buffer.from(text));
    const imageProgress = await openProgressFor(flags);
    const progress = await openProgressFor(flags, { lines: true });
    const exitCode = await runInForeground(request, {
      flags,
      yes,
      attached,
      imageProgress,
      ...(menu && { menu }),
      progress,
      writer,
      watch: {
        atOnce: flags.watch === true,
        run: watchBeside(request, { flags, services, prune: true, write, writeProgress }),
      },
      ...(abortOnExit ? { abortOn: "exit" } : abortOnFailure ? { abortOn: "failure" } : {}),
      ...(exitCodeFrom !== undefined && { exitCodeFrom }),
    });
    output.flush();
    return { exitCode, data: { changes: [...imageProgress.changes, ...progress.changes] } };
  }
}

/** Watching that goes on from where it was turned off. */
function watchBeside(request: UpRequest, options: Omit<RunWatchOptions, "signal">) {
  let watched: WatchedProject | undefined;
  return async (signal: AbortSignal) => {
    const { checkWatchable, runWatch, watchedProject } = await import("./run-watch.ts");
    checkWatchable(request, options.services);
    watched ??= watchedProject(request);
    await runWatch(watched, { ...options, signal });
  };
}

/** COMPOSE_MENU, where it is set; else there is one. */
function isMenuWanted(environment: ReadonlyMap<string, string>): boolean {
  const asked = environment.get("COMPOSE_MENU");
  return asked === undefined || asked === "" || isTrue(asked);
}

/** The menu, where it is wanted and both ends of the terminal are here. */
function menuFor(
  wanted: boolean,
  flags: Parameters<typeof styleOf>[1] & { readonly json?: boolean },
): Menu | undefined {
  const { stdin, stdout, stderr, pid } = process;
  if (!wanted || flags.json || !stdin.isTTY || !stdout.isTTY || process.env.TERM === "dumb") return undefined;
  return makeMenu({ stdin, stdout, stderr, signal: (name) => process.kill(pid, name) }, styleOf(stdout, flags));
}
