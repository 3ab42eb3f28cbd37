/** Carries a batch of jobs out: what goes first, then what comes, each for all of them at once. */

import { EngineError } from "../../errors.ts";
import {
  attach,
  detach,
  makeBridges,
  makeStations,
  ownLinks,
  removeLinks,
  removeStations,
} from "../../network/kernel.ts";
import { internal } from "../refusal.ts";
import { writeFiles } from "./files.ts";
import type { Floor } from "./floor.ts";
import { decide, type Job, type Step } from "./jobs.ts";
import { publishedOf } from "./ports.ts";
import { publish } from "./publish.ts";
import { bridgeOf } from "./record.ts";
import { syncSwitchboard } from "./sync-switchboard.ts";

export interface Task {
  readonly job: Job;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Decided {
  readonly task: Task;
  readonly step: Step;
}

/** Settles every task. */
export async function carryOut(floor: Floor, tasks: readonly Task[]): Promise<void> {
  // What goes makes room for what comes: addresses, ports, names.
  const going = tasks.filter(({ job }) => ["close", "leave", "remove"].includes(job.kind));
  const coming = tasks.filter((task) => !going.includes(task));
  const decided = [...going, ...coming].flatMap((task): Decided[] => {
    try {
      return [{ task, step: decide(floor, task.job) }];
    } catch (error) {
      task.reject(error);
      return [];
    }
  });
  const failed = new Map<Decided, unknown>();
  try {
    await Promise.all(decided.flatMap(({ step }) => step.written ?? []));
    await takeAway(floor, decided);
    await bring(floor, decided, failed);
    await applyFirewall(floor);
    await tellContainers(floor, decided);
  } catch (error) {
    for (const one of decided) if (!failed.has(one)) failed.set(one, error);
  }
  if (failed.size > 0) {
    await clearUp(floor, failed).catch((error: unknown) => {
      floor.ground.log("error", "the network could not be cleared up after a failure", { error: String(error) });
    });
  }
  for (const one of decided) {
    if (failed.has(one)) one.task.reject(asEngineError(failed.get(one)));
    else one.task.resolve();
  }
}

function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  return internal(error instanceof Error ? error.message : String(error), error);
}

async function takeAway({ owner }: Floor, decided: readonly Decided[]): Promise<void> {
  await Promise.all([
    removeStations(
      decided.flatMap(({ step }) => step.unmake ?? []),
      owner,
    ),
    ...decided.flatMap(({ step: { detach: gone } }) =>
      gone === undefined ? [] : [detach(gone.rest, gone.attachment, owner)],
    ),
  ]);
  const bridges = decided.flatMap(({ step }) => step.removeBridge ?? []);
  if (bridges.length === 0) return;
  const ours = await ownLinks(owner);
  await removeLinks(
    bridges.map(({ link }) => link).filter((link) => ours.has(link)),
    owner,
  );
}

async function bring(floor: Floor, decided: readonly Decided[], failed: Map<Decided, unknown>): Promise<void> {
  const { owner } = floor;
  await makeBridges(
    decided.flatMap(({ step }) => step.makeBridge ?? []),
    owner,
  );
  const opened = decided.flatMap(({ step }) => (step.make === undefined ? [] : [step.make]));
  const [made, unpublished] = await Promise.all([
    makeStations(opened, owner),
    publish(
      floor,
      decided.map(({ step }) => step),
    ),
  ]);
  const unmade = new Map(made.flatMap(({ station, error }) => (error === undefined ? [] : [[station.id, error]])));
  for (const one of decided) {
    const { make, container = "" } = one.step;
    const error = unpublished.get(one.step) ?? (make === undefined ? undefined : unmade.get(container));
    if (error !== undefined) failed.set(one, error);
  }
  await Promise.all(
    decided.map(async (one) => {
      const { attach: added } = one.step;
      if (added === undefined || failed.has(one)) return;
      try {
        await attach(added.whole, added.attachment, owner);
      } catch (error) {
        failed.set(one, error);
      }
    }),
  );
}

/** What was begun for those that failed goes again. */
async function clearUp(floor: Floor, failed: ReadonlyMap<Decided, unknown>): Promise<void> {
  for (const { step } of failed.keys()) step.undo();
  await removeStations(
    [...failed.keys()].flatMap(({ step }) => step.make ?? []),
    floor.owner,
  );
  await syncSwitchboard(floor);
  await applyFirewall(floor);
}

/** The files of those that came or changed. */
async function tellContainers(floor: Floor, decided: readonly Decided[]): Promise<void> {
  const changed = new Set(decided.flatMap(({ step }) => step.container ?? []));
  await Promise.all(
    [...changed].map(async (id) => {
      const sandbox = floor.sandboxes.get(id);
      if (sandbox !== undefined) await writeFiles(floor, sandbox);
    }),
  );
}

/** The firewall as the model wants it, and other people's firewalls as it needs them. */
export async function applyFirewall(floor: Floor): Promise<void> {
  const { records, firewall, sandboxes, resolvers, permission } = floor;
  const bridges = [...records.all.values()].filter(({ driver }) => driver === "bridge").map(bridgeOf);
  const published = [...sandboxes.values()].flatMap((sandbox) => publishedOf(sandbox, (id) => records.get(id)));
  await firewall.apply({ bridges, published, resolvers });
  const links = bridges.map(({ link }) => link);
  if (links.join() === floor.permitted) return;
  await permission.ensure(links);
  floor.permitted = links.join();
}
