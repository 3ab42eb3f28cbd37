/**
 * Watching as a library: `import { connect, watch } from "gantry/watch"`. Nothing is printed; docs/library.md shows it at
 * work.
 */
import manifest from "../../package.json" with { type: "json" };
import type { ProjectModel } from "../compose/model.ts";
import { parseAddress } from "../engine/address.ts";
import { connect as connectTo, type EngineClient } from "../engine/client.ts";
import { InterruptedError } from "../errors.ts";
import { execute } from "../reconcile/execute.ts";
import type { Plan } from "../reconcile/plan.ts";
import type { WatchEvent } from "../watch/event.ts";
import { watch as watchProject } from "../watch/watch.ts";
import { apiSocketFor } from "./api-socket.ts";
import { meansOf } from "./means.ts";
import { readProjectFiles } from "./project-files.ts";
import { inTurn, watchActions } from "./watch-actions.ts";

export type { ProjectModel } from "../compose/model.ts";
export type { EngineClient } from "../engine/client.ts";
export { type Diagnostic, EngineError, GantryError } from "../errors.ts";
export type { Synced, WatchEvent, WatchWarning } from "../watch/event.ts";

/** How to watch; everything may be left out. */
export interface WatchOptions {
  /** Services to watch; none means all that have rules. */
  readonly services?: readonly string[];
  /** Remove the images that rebuilds replace; they are unless this is false. */
  readonly prune?: boolean;
  /** Ends the watching. */
  readonly signal?: AbortSignal;
}

/**
 * A client of an engine that speaks the Docker Engine API. Nothing is sent yet; `close()` lets its connections go.
 *
 * @param url `unix:///var/run/docker.sock`, `tcp://host:2375`, `ssh://user@host`
 * @throws EngineError when the URL does not name an engine
 */
export function connect(url: string): EngineClient {
  return connectTo(parseAddress(url));
}

/**
 * Watches the folders that a project's `develop.watch` names, as `gantry watch --no-up` does, and keeps its running
 * containers up with them: files are copied, images rebuilt, containers restarted, commands run. Yields what happens, in
 * order of time; whatever fails is an event, and the next change gets its chance. Ends when the signal is aborted or the
 * loop over it is left. The project's own files are not watched: load it again, and watch that.
 *
 * @param project as `load` of "gantry" gives it
 * @throws EngineError when the engine does not answer at the beginning
 */
export async function* watch(
  project: ProjectModel,
  engine: EngineClient,
  { services = [], prune = true, signal: outer }: WatchOptions = {},
): AsyncGenerator<WatchEvent, void, undefined> {
  const over = new AbortController();
  const signal = outer === undefined ? over.signal : AbortSignal.any([outer, over.signal]);
  const [files, apiVersion, apiSocket] = await Promise.all([
    readProjectFiles(project),
    engine.apiVersion(),
    apiSocketFor(project, { engine, environment: project.environment }),
  ]);
  const up = { ...files, apiVersion, version: manifest.version };
  const offers = { services: new Map(), models: new Map(), ...(apiSocket && { apiSocket }) };
  const actions = watchActions({
    request: () => ({ engine, project, up, offers }),
    prune,
    carryOut: (plan, ending) => carryOut(plan, { engine, project, signal: ending }),
    signal,
    inTurn: inTurn(),
  });
  try {
    yield* watchProject(project, engine, { services, actions, signal });
  } finally {
    over.abort();
  }
}

async function carryOut(
  plan: Plan,
  { engine, project, signal }: { engine: EngineClient; project: ProjectModel; signal: AbortSignal },
): Promise<void> {
  const means = meansOf({ engine, environment: project.environment, debug: () => {} }, signal);
  const { errors } = await execute(plan, { ...means, signal, emit: () => {} });
  if (signal.aborted) throw new InterruptedError();
  const [first, ...others] = errors.map(({ error }) => error);
  if (first !== undefined) throw others.length === 0 ? first : new AggregateError([first, ...others]);
}
