import manifest from "../../package.json" with { type: "json" };
import { sharedNames } from "../compose/isolate.ts";
import type { ProjectModel } from "../compose/model.ts";
import { pruneResources, select } from "../compose/select.ts";
import { isOneOff, nameOf, serviceOf } from "../reconcile/containers.ts";
import { type ImageOptions, planImages } from "../reconcile/images.ts";
import { inspectContainers, observe } from "../reconcile/observe.ts";
import { keepOffer, type Offers, withOffers } from "../reconcile/offers.ts";
import type { Observed, Outcome, Plan, Planned } from "../reconcile/plan.ts";
import { planUp } from "../reconcile/up.ts";
import type { UpOptions } from "../reconcile/up-options.ts";
import type { Progress } from "../ui/progress.ts";
import { apiSocketFor } from "./api-socket.ts";
import { type CarryOutOptions, carryOut, settled } from "./carry-out.ts";
import type { Globals } from "./global-flags.ts";
import type { HeadStart } from "./head-start.ts";
import { isolationOf } from "./isolation.ts";
import { type PlanningFlags, planningOptions } from "./planning-flags.ts";
import { readProjectFiles } from "./project-files.ts";
import { lockProject } from "./project-lock.ts";
import { askAll } from "./questions.ts";
import type { LoadedSession } from "./session.ts";

/** What `up` was asked for, in the planners' terms. */
export interface UpRequest {
  readonly session: LoadedSession;
  /** The chosen services and, unless `--no-deps`, what they depend on; resources that none uses only by `--all-resources`. */
  readonly model: ProjectModel;
  readonly images: ImageOptions;
  readonly up: UpOptions;
  /** What providers and models have offered in this run. Grows with each first round. */
  readonly offers: Offers;
}

export type UpFlags = Globals & PlanningFlags;
export type Waiting = Pick<UpOptions, "wait" | "waitTimeout">;

/** Turns flags into a request: selects the services, reads the files that matter, asks for the engine's API version. */
export async function prepareUp(
  found: LoadedSession,
  flags: UpFlags,
  services: readonly string[],
  waiting: Waiting = {},
): Promise<UpRequest> {
  const session = await withOwnPorts(found, flags);
  const { project, locate } = session.loaded;
  const options = planningOptions(flags, services, session.environment);
  const chosen = select(project, services, { dependencies: !options.noDeps });
  const model = flags["all-resources"] ? chosen : pruneResources(chosen);
  const [files, apiVersion, apiSocket] = await Promise.all([
    readProjectFiles(model),
    session.engine.apiVersion(),
    apiSocketFor(model, session),
  ]);
  const place = (path: readonly (string | number)[]) => locate(path);
  return {
    session,
    model,
    offers: { services: new Map(), models: new Map(), ...(apiSocket && { apiSocket }) },
    images: {
      version: manifest.version,
      now: Date.now(),
      locate: place,
      build: flags.build === true,
      noBuild: flags["no-build"] === true,
      ...(flags.pull !== undefined && flags.pull !== "policy" && { pullPolicy: flags.pull }),
    },
    up: {
      ...options,
      ...files,
      ...waiting,
      apiVersion,
      version: manifest.version,
      locate: place,
    },
  };
}

/** A copy beside the first project gets host ports of its own, and says which, and what it shares. */
async function withOwnPorts(session: LoadedSession, flags: UpFlags): Promise<LoadedSession> {
  if (isolationOf(flags) === undefined) return session;
  const { choosePorts } = await import("./choose-ports.ts");
  const { model: project, ports } = await choosePorts(session.loaded.project, session.engine);
  for (const { service, written, chosen } of ports) {
    process.stderr.write(`gantry: ${project.name}: ${service} has port ${chosen} in place of ${written}\n`);
  }
  for (const name of sharedNames(project)) {
    process.stderr.write(`gantry: ${project.name}: ${name} is external, and shared\n`);
  }
  return { ...session, loaded: { ...session.loaded, project } };
}

/** Both rounds as they would be carried out now. The second one may change once the first one's images are there. */
export async function planRounds(request: UpRequest, flags: UpFlags): Promise<{ images: Plan; up: Plan }> {
  const { session, model, images, up } = request;
  const observed = await observe(session.engine, model.name, model);
  return {
    images: settled(planImages(model, observed, images), flags),
    up: settled(await planSecond(request, observed, up), flags),
  };
}

export interface RoundOptions extends CarryOutOptions {
  /** The progress of the first round, where it is another one. */
  readonly imageProgress?: Progress;
  readonly flags: UpFlags;
  /** Answers every question with yes. */
  readonly yes: boolean;
  /** What holds the project meanwhile. */
  readonly verb: string;
  /** Told of the second round's plan, and of what the engine holds, before anything of it is carried out. */
  readonly prepare?: (plan: Plan, observed: Observed) => Promise<void>;
  /** What was begun before the files were read. */
  readonly headStart?: HeadStart | undefined;
  /** The part of the second round's plan that is carried out here. */
  readonly partOf?: (plan: Plan) => Plan;
}

/**
 * The two rounds of `up`: first images, then everything else, because whether a container is up to date depends on an
 * image's id, which is known only after the first round. Gives what the second round has made, and throws, as carryOut
 * does.
 */
export async function bringUp(request: UpRequest, options: RoundOptions): Promise<Outcome["created"]> {
  const { session, model, images, up } = request;
  const { flags, progress, prepare } = options;
  await using _ = options.headStart?.lock ?? (await lockProject(session, options.verb, options.signal));
  let observed = await observe(session.engine, model.name, model, options.headStart?.listed);
  const first = settled(planImages(model, observed, images), flags);
  if (first.steps.length > 0) {
    await carryOut(session, first, {
      ...options,
      progress: options.imageProgress ?? progress,
      offered: (subject, offer) => keepOffer(request.offers, subject, offer),
    });
    observed = await observe(session.engine, model.name, model);
  }
  const planned = await planSecond(request, observed, up);
  const accepted = await askAll(planned.questions, options.yes);
  const second = settled(
    accepted.size === 0 ? planned : await planSecond(request, observed, { ...up, accepted }),
    flags,
  );
  sayRunning(second, observed, request, progress);
  await prepare?.(second, observed);
  return await carryOut(session, options.partOf?.(second) ?? second, options);
}

async function planSecond(
  { session, offers, ...request }: UpRequest,
  observed: Observed,
  options: UpOptions,
): Promise<Planned> {
  const model = withOffers(request.model, offers);
  return planUp(model, await inspectContainers(session.engine, model, observed, options), options);
}

/** A line for each container that runs and stays as it is: what docker compose prints, and what tells that all is well. */
function sayRunning(plan: Plan, observed: Observed, { model, up }: UpRequest, progress: Progress): void {
  const touched = new Set(plan.steps.map(({ subject }) => subject.name));
  for (const container of observed.containers) {
    const { summary } = container;
    const service = serviceOf(container);
    const name = nameOf(summary);
    const isWanted = model.services.has(service) && service !== up.oneOff?.service && !isOneOff(container);
    if (summary.State !== "running" || !isWanted || touched.has(name)) continue;
    progress.say({ id: `Container ${name}`, state: "Done", text: "Running" });
  }
}
