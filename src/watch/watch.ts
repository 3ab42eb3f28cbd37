import type { ProjectModel } from "../compose/model.ts";
import type { Engine } from "../engine/api.ts";
import type { WatchEvent, WatchWarning } from "./event.ts";
import { type Folders, openFolders } from "./folders.ts";
import { observeContainers } from "./observe-containers.ts";
import { isAbout } from "./operations.ts";
import { openRecord, type WatchRecord } from "./record.ts";
import { removers } from "./remove-files.ts";
import { openServiceLoop, type ServiceLoop, type WatchActions } from "./service-loop.ts";

export interface WatchOptions {
  /** Services to watch; none means all that have rules. */
  readonly services?: readonly string[];
  readonly actions: WatchActions;
  /** Ends the watching. */
  readonly signal?: AbortSignal;
  /** What an earlier watch of the project has come to know, to go on from there; it is kept up to date. */
  readonly record?: WatchRecord;
}

/**
 * Watches the folders that a project's `develop.watch` names, and keeps its running containers up with them: files are
 * copied, images rebuilt, containers restarted, commands run. Yields what happens, in order of time; a failure is an
 * event, and the next change gets its chance. Ends when the signal is aborted or the iteration is left.
 *
 * Source: https://docs.docker.com/reference/compose-file/develop/
 *
 * @throws EngineError when the engine does not answer at the beginning
 */
export async function* watch(
  project: ProjectModel,
  engine: Engine,
  { services = [], actions, signal: outer, record = openRecord() }: WatchOptions,
): AsyncGenerator<WatchEvent, void, undefined> {
  const over = new AbortController();
  const signal = outer === undefined ? over.signal : AbortSignal.any([outer, over.signal]);
  const queue = openQueue<WatchEvent>(signal);
  const { emit } = queue;
  const warn = (warning: WatchWarning) => emit({ type: "warning", ...warning });
  const loops = new Map<string, ServiceLoop>();
  let folders: Folders | undefined;
  const settle = () => Promise.all([...loops.values()].map((loop) => loop.settled()));
  try {
    const [containers, info] = await Promise.all([
      observeContainers(engine, project.name, signal, {
        onStart: async ({ service }) => {
          await record.held;
          loops.get(service)?.arrived();
        },
        onLost: (error) => emit({ type: "engine-lost", error }),
        onBack: () => {
          emit({ type: "engine-back" });
          for (const loop of loops.values()) loop.arrived();
        },
      }),
      engine.info(),
    ]);
    const means = {
      engine,
      whiteouts: info.ArchiveWhiteouts === true,
      removers: new Map(),
      onUnreadable: (file: string, error: unknown) =>
        warn({ path: file, message: `${file} cannot be read (${error instanceof Error ? error.message : error})` }),
      onKept: ([first, ...others]: readonly string[]) => {
        const what = others.length === 0 ? first : `${first} and ${others.length} more`;
        const programs = removers.map(([name]) => name).join(", ");
        warn({
          message: `${what} cannot be removed in the container, whose image has no program for that`,
          hint: `it needs one of ${programs}; or rebuild on changes, instead of sync`,
        });
      },
    };
    const loopOf = (service: string): ServiceLoop => {
      const known = loops.get(service);
      if (known !== undefined) return known;
      const own = record.of(service);
      const targets = () => containers.of(service).filter(({ id }) => record.held === undefined || own.reached.has(id));
      const loop = openServiceLoop({ service, means, actions, record: own, targets, emit, signal });
      loops.set(service, loop);
      return loop;
    };
    folders = await openFolders({
      project,
      services,
      record,
      warn,
      onWork: (works) => {
        for (const [service, work] of works) loopOf(service).push(work);
      },
    });
    const { rules, polling } = folders;
    emit({ type: "ready", rules: rules.length, services: [...new Set(rules.map(({ service }) => service))], polling });
    for (const [service, { ledger, rebuild }] of record.services) {
      const own = rules.filter((rule) => rule.service === service);
      ledger.keep((target, source) => own.some((rule) => isAbout(rule, target, source)));
      if (rebuild === undefined || !own.some(({ action }) => action === "rebuild")) loopOf(service).arrived();
      else loopOf(service).push({ operations: [], restart: false, exec: [], rebuild });
    }
    folders.begin();
    yield* queue.items;
    // What was under way when the signal came is told as well.
    await settle();
    yield* queue.items;
  } finally {
    over.abort();
    await folders?.close();
    await settle();
  }
}

/** Where events wait for whoever iterates. */
function openQueue<T>(signal: AbortSignal): {
  emit(item: T): void;
  readonly items: AsyncGenerator<T, void, undefined>;
} {
  const waiting: T[] = [];
  let wake: () => void = () => {};
  signal.addEventListener("abort", () => wake());
  const take = async function* () {
    while (!signal.aborted || waiting.length > 0) {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) yield item;
      if (signal.aborted) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    emit: (item) => {
      waiting.push(item);
      wake();
    },
    get items() {
      return take();
    },
  };
}
