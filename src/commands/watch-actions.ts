import manifest from "../../package.json" with { type: "json" };
import type { ProjectModel } from "../compose/model.ts";
import { select } from "../compose/select.ts";
import { ProjectError } from "../errors.ts";
import { containersOf, isRunning } from "../reconcile/containers.ts";
import { planBuild } from "../reconcile/images.ts";
import { labels } from "../reconcile/labels.ts";
import { inspectContainers, observe } from "../reconcile/observe.ts";
import { withOffers } from "../reconcile/offers.ts";
import type { Observed, Planned } from "../reconcile/plan.ts";
import { planRestart } from "../reconcile/restart.ts";
import { planUp } from "../reconcile/up.ts";
import type { Progress } from "../ui/progress.ts";
import type { WatchActions } from "../watch/service-loop.ts";
import { carryOut } from "./carry-out.ts";
import { lockProject } from "./project-lock.ts";
import type { UpRequest } from "./rounds.ts";

export interface WatchActionOptions {
  /** The project as it is loaded at the moment. */
  readonly request: () => UpRequest;
  /** Remove the images that rebuilds replace. */
  readonly prune: boolean;
  /** Where plans are shown. */
  readonly progress: Progress;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
  /** Runs one change of containers after the other: each starts from what the one before has left. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Rebuilds and restarts of watched services, as plans. */
export function watchActions({ request, prune, progress, signal: over, inTurn }: WatchActionOptions): WatchActions {
  const alone = (work: () => Promise<void>) =>
    inTurn(async () => {
      await using _ = await lockProject(request().session, "watch", over);
      await work();
    });
  return {
    rebuild: async (service, signal) => {
      const { session, images } = request();
      const only = select(session.loaded.project, [service], { dependencies: false });
      const build = accepted(
        planBuild(only, {
          version: manifest.version,
          onePlatform: true,
          ...(images.locate && { locate: images.locate }),
        }),
      );
      await carryOut(session, build, { progress, signal: AbortSignal.any([signal, over]) });
      await alone(() => replaceContainers(request(), service, { progress, signal: over }));
      if (prune) await pruneImages(request());
    },
    restart: (service) =>
      alone(async () => {
        const { session } = request();
        const { project: model } = session.loaded;
        const observed = await observe(session.engine, session.name, model);
        await carryOut(session, accepted(planRestart(model, observed, { services: [service] })), {
          progress,
          signal: over,
        });
      }),
  };
}

/** The second round of `up` for one service, and for what runs and depends on it with `restart: true`. */
async function replaceContainers(
  { session, up, offers }: UpRequest,
  service: string,
  options: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<void> {
  const { project } = session.loaded;
  const observed = await observe(session.engine, session.name, project);
  const names = [service, ...dependentsOf(project, service, observed)];
  const model = withOffers(select(project, names, { dependencies: false }), offers);
  const upOptions = { ...up, services: names, noDeps: true, ignoreOrphans: true, removeOrphans: false };
  const known = await inspectContainers(session.engine, model, observed, upOptions);
  await carryOut(session, accepted(planUp(model, known, upOptions)), options);
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
async function pruneImages({ session }: UpRequest): Promise<void> {
  const filters = { dangling: ["true"], label: [`${labels.project}=${session.name}`] };
  await session.engine.imagePrune({ filters });
}

function accepted({ plan, errors }: Planned) {
  if (errors.length > 0) throw new ProjectError(errors);
  return plan;
}
