import { exitCodes, InterruptedError } from "../errors.ts";
import { planKill } from "../reconcile/kill.ts";
import { labels } from "../reconcile/labels.ts";
import { observe } from "../reconcile/observe.ts";
import { planStop } from "../reconcile/stop.ts";
import type { LogWriter } from "../ui/log-writer.ts";
import type { Menu } from "../ui/menu.ts";
import type { Progress } from "../ui/progress.ts";
import { reportError } from "../ui/report.ts";
import { attachment } from "./attachment.ts";
import { carryOut } from "./carry-out.ts";
import { type Exit, type Following, follow } from "./follow.ts";
import { catchInterrupts, type Interrupts } from "./interrupts.ts";
import { listContainers } from "./list-containers.ts";
import { bringUp, type UpFlags, type UpRequest } from "./rounds.ts";
import { styleOf } from "./screen.ts";
import { shortName } from "./show-logs.ts";
import { openWatchSwitch, type WatchSwitch } from "./watch-switch.ts";

export interface ForegroundOptions {
  readonly flags: UpFlags;
  /** Answers every question with yes. */
  readonly yes: boolean;
  readonly writer: LogWriter;
  /** Must write lines: the containers' output comes in between. */
  readonly progress: Progress;
  readonly imageProgress: Progress;
  /** Services whose output is shown. */
  readonly attached: ReadonlySet<string>;
  /** Keys below the output, where there is a terminal. */
  readonly menu?: Menu;
  /** What ends the run before all containers have stopped. */
  readonly abortOn?: "exit" | "failure";
  /** The service whose exit code is the run's. */
  readonly exitCodeFrom?: string;
  /** Watching beside the output once all is up; the run does not end by itself meanwhile. */
  readonly watch: {
    /** Whether it is on from the beginning; the menu's key turns it on and off. */
    readonly atOnce: boolean;
    readonly run: (signal: AbortSignal) => Promise<unknown>;
  };
}

/**
 * `up` with the containers' output on the screen, attached before each container starts, until all of them have stopped,
 * the user interrupts, or one of them ends the run. Ctrl-C stops what was started, and its last words are still shown;
 * a second one kills. Answers with the exit code.
 */
export async function runInForeground(request: UpRequest, options: ForegroundOptions): Promise<number> {
  using interrupts = catchInterrupts();
  const over = new AbortController();
  const aborting = Promise.withResolvers<Exit>();
  try {
    const following = await followContainers(request, options, over.signal, aborting.resolve);
    const isUp = await bringUpAttached(request, options, following, interrupts.first, over.signal);
    const watching = openWatch(options, following, interrupts.first);
    if (isUp && options.watch.atOnce) watching.toggle();
    else following.seal();
    const ended = following.ended.then(() => "ended" as const);
    const interrupted = whenAborted(interrupts.first).then(() => "interrupted" as const);
    const detached = options.menu?.detached.then(() => "detached" as const) ?? new Promise<never>(() => {});
    if (isUp) options.menu?.open();
    const end = isUp ? await Promise.race([ended, interrupted, aborting.promise, detached]) : "interrupted";
    await watching.off();
    following.seal();
    options.menu?.close();
    if (end === "detached") return exitCodes.ok;
    if (end !== "ended") {
      process.stderr.write(
        end === "interrupted"
          ? "Gracefully Stopping... press Ctrl+C again to force\n"
          : `Aborting: ${end.name} exited with code ${end.exitCode}\n`,
      );
      await stop(request, options, interrupts);
      await ended;
    }
    if (end === "interrupted" || interrupts.first.aborted) return exitCodes.interrupted;
    if (options.exitCodeFrom !== undefined) return await exitCodeOf(request, options.exitCodeFrom);
    return end === "ended" ? exitCodes.ok : end.exitCode;
  } finally {
    options.menu?.close();
    over.abort();
  }
}

/** Containers that are replaced end as well: while somebody watches, their end is not the run's. */
function openWatch(
  { flags, watch, menu, writer }: ForegroundOptions,
  following: Following,
  signal: AbortSignal,
): WatchSwitch {
  const watching = openWatchSwitch({
    run: watch.run,
    signal,
    onChange: (isOn, error) => {
      menu?.showWatch(isOn);
      if (isOn) return following.unseal();
      const view = { style: styleOf(process.stdout, flags), directory: process.cwd() };
      if (error !== undefined) writer.note(reportError(error, view).text.trimEnd());
      if (!signal.aborted) writer.note("Watch disabled");
      following.seal();
    },
  });
  menu?.offerWatch(watching.toggle);
  return watching;
}

function followContainers(
  { session, model }: UpRequest,
  { attached, writer, abortOn }: ForegroundOptions,
  signal: AbortSignal,
  abort: (exit: Exit) => void,
): Promise<Following> {
  return follow({
    engine: session.engine,
    project: model.name,
    writer,
    signal,
    nameOf: (attributes) =>
      attached.has(attributes[labels.service] ?? "") ? shortName(attributes.name ?? "", model.name) : undefined,
    onExit: (exit) => {
      const { name, exitCode, restarting, silent } = exit;
      if (!silent) writer.exited(name, exitCode, restarting);
      if (!restarting && (abortOn === "exit" || (abortOn === "failure" && exitCode !== 0))) abort(exit);
    },
  });
}

/** Both rounds; false when the user interrupted them. */
async function bringUpAttached(
  request: UpRequest,
  { flags, yes, attached, progress, imageProgress, writer }: ForegroundOptions,
  following: Following,
  interrupt: AbortSignal,
  signal: AbortSignal,
): Promise<boolean> {
  const announce = (names: readonly string[]) => {
    // Known from the start, the names give the same colours and the same width on every run.
    for (const name of names) writer.add(name);
    if (names.length > 0) process.stderr.write(`Attaching to ${names.join(", ")}\n`);
  };
  const { session, model } = request;
  const hooks = attachment({ engine: session.engine, model, following, attached, announce, signal });
  try {
    await bringUp(request, { verb: "up", flags, yes, progress, imageProgress, signal: interrupt, ...hooks });
    return true;
  } catch (error) {
    if (error instanceof InterruptedError) return false;
    throw error;
  }
}

/** Stops what the run has started; the second interrupt kills it. Errors are the user's to see. */
async function stop(request: UpRequest, options: ForegroundOptions, interrupts: Interrupts): Promise<void> {
  const { session, up } = request;
  const { engine, name } = session;
  // Dependencies that were not asked for stay, as docker compose leaves them, unless their output is shown.
  const services = up.services?.length ? [...new Set([...up.services, ...options.attached])] : [];
  const kill = async () => {
    const { plan } = planKill(session.loaded.project, await observe(engine, name, undefined), { services });
    await carryOut(session, plan, { progress: options.progress, signal: new AbortController().signal });
  };
  interrupts.second.addEventListener("abort", () => void kill().catch(() => {}), { once: true });
  const model = session.loaded.project;
  const { plan } = planStop(model, await observe(engine, name, model), {
    services,
    ...(up.timeout !== undefined && { timeout: up.timeout }),
  });
  try {
    await carryOut(session, plan, { progress: options.progress, signal: interrupts.second });
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
  }
}

/** The first code that is not 0 among the ended containers of a service, else 0. */
async function exitCodeOf({ session }: UpRequest, service: string): Promise<number> {
  const containers = await listContainers(session.engine, session.name, { all: true, services: [service] });
  const inspects = await Promise.all(containers.map(({ Id: id }) => session.engine.containerInspect({ id })));
  return inspects.map(({ State }) => State.ExitCode).find((code) => code !== 0) ?? 0;
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
