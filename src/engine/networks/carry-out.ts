/** Carries a batch of jobs out: what goes first, then what comes, each for all of them at once. */

import {
  allLinks,
  attach,
  detach,
  type Made,
  makeBridges,
  makeStations,
  ownLinks,
  removeLinks,
  removeStations,
} from "../../network/kernel.ts";
import { internal } from "../refusal.ts";
import type { Floor } from "./floor.ts";
import { decide, type Job, type Step } from "./jobs.ts";
import { bridgeOf } from "./record.ts";

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
  } catch (error) {
    for (const one of decided) if (!failed.has(one)) failed.set(one, error);
  }
  for (const one of decided) {
    if (failed.has(one)) giveUp(one, failed.get(one));
    else one.task.resolve();
  }
}

function giveUp({ task, step }: Decided, error: unknown): void {
  step.undo();
  task.reject(error instanceof Error && error.name === "EngineError" ? error : internal(String(error), error));
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
  const bridges = decided.flatMap(({ step }) => step.makeBridge ?? []);
  if (bridges.length > 0) {
    const there = await allLinks();
    // A bridge that the administrator made is used as it is.
    await makeBridges(
      bridges.filter(({ link }) => !there.has(link)),
      owner,
    );
  }
  const made = await makeStations(
    decided.flatMap(({ step }) => step.make ?? []),
    owner,
  );
  const problems = new Map(made.map(({ station, error }: Made) => [station, error]));
  for (const one of decided) {
    const error = one.step.make === undefined ? undefined : problems.get(one.step.make);
    if (error !== undefined) failed.set(one, error);
  }
  await Promise.all(
    decided.map(async (one) => {
      const { attach: added } = one.step;
      if (added === undefined) return;
      try {
        await attach(added.whole, added.attachment, owner);
      } catch (error) {
        failed.set(one, error);
      }
    }),
  );
}

/** The firewall as the model wants it. */
export async function applyFirewall({ records, firewall }: Floor): Promise<void> {
  const bridges = [...records.all.values()].filter(({ driver }) => driver === "bridge").map(bridgeOf);
  await firewall.apply({ bridges, published: [], resolvers: new Map() });
}
