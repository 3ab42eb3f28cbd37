import manifest from "../../package.json" with { type: "json" };
import type { ProjectModel } from "../compose/model.ts";
import type { Locate } from "../compose/node.ts";
import { select } from "../compose/select.ts";
import type { EngineClient } from "../engine/client.ts";
import { ProjectError } from "../errors.ts";
import { containersOf, isRunning } from "../reconcile/containers.ts";
import { planBuild } from "../reconcile/images.ts";
import { labels } from "../reconcile/labels.ts";
import { inspectContainers, observe } from "../reconcile/observe.ts";
import { withOffers } from "../reconcile/offers.ts";
import type { Observed, Plan, Planned } from "../reconcile/plan.ts";
import { planRestart } from "../reconcile/restart.ts";
import { planUp } from "../reconcile/up.ts";
import type { WatchActions } from "../watch/service-loop.ts";
import { lockProject } from "./project-lock.ts";
import type { UpRequest } from "./rounds.ts";

/** The project as it is loaded at the moment, and how it was brought up. */
export interface WatchedRequest extends Pick<UpRequest, "up" | "offers"> {
  readonly engine: EngineClient;
  readonly project: ProjectModel;
  readonly locate?: Locate;
}

export interface WatchActionOptions {
  readonly request: () => WatchedRequest;
  /** Remove the images that rebuilds replace. */
  readonly prune: boolean;
  /** Carries a plan out; rejects with what went wrong. */
  readonly carryOut: (plan: Plan, signal: AbortSignal) => Promise<unknown>;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
  /** Runs one change of containers after the other: each starts from what the one before has left. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Rebuilds and restarts of watched services, as plans. */
export function watchActions({ request, prune, carryOut, signal: over, inTurn }: WatchActionOptions): WatchActions {
  const alone = (work: () => Promise<void>) =>
    inTurn(async () => {
      const { engine, project } = request();
      await using _ = await lockProject({ engine, name: project.name }, "watch", over);
      await work();
    });
  return {
    rebuild: async (service, signal) => {
      const { project, locate } = request();
      const only = select(project, [service], { dependencies: false });
      const build = accepted(
        planBuild(only, { version: manifest.version, onePlatform: true, ...(locate && { locate }) }),
      );
      await carryOut(build, AbortSignal.any([signal, over]));
      await alone(async () => {
        await carryOut(await planReplacement(request(), service), over);
      });
      if (prune) await pruneImages(request());
    },
    restart: (service) =>
      alone(async () => {
        const { engine, project } = request();
        const observed = await observe(engine, project.name, project);
        await carryOut(accepted(planRestart(project, observed, { services: [service] })), over);
      }),
  };
}

/** The second round of `up` for one service, and for what runs and depends on it with `restart: true`. */
async function planReplacement({ engine, project, up, offers }: WatchedRequest, service: string): Promise<Plan> {
  const observed = await observe(engine, project.name, project);
  const names = [service, ...dependentsOf(project, service, observed)];
  const model = withOffers(select(project, names, { dependencies: false }), offers);
  const upOptions = { ...up, services: names, noDeps: true, ignoreOrphans: true, removeOrphans: false };
  return accepted(planUp(model, await inspectContainers(engine, model, observed, upOptions), upOptions));
}

function dependentsOf(project: ProjectModel, service: string, observed: Observed): readonly string[] {
  return [...project.services.values()]
    .filter(({ name, depends_on }) => {
      const goesAlong = depends_on?.get(service)?.restart === true;
      return goesAlong && containersOf(observed, name).some(isRunning);
    })
    .map(({ name }) => name);
}

/** Removes the project's images that have lost their names. What is still used stays. */
async function pruneImages({ engine, project }: WatchedRequest): Promise<void> {
  await engine.imagePrune({ filters: { dangling: ["true"], label: [`${labels.project}=${project.name}`] } });
}

function accepted({ plan, errors }: Planned) {
  if (errors.length > 0) throw new ProjectError(errors);
  return plan;
}

/** Runs one piece of work after the other. */
export function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
}
