/** Removing images: what may go, what goes with it, and the words for what may not. */

import type { Filters } from "../api.ts";
import type { Uses } from "../daemon/rooms.ts";
import { chainIdsOf, hexOf, shortId } from "../digest.ts";
import { conflict } from "../refusal.ts";
import { type Catalog, type Image, keyOfName } from "./catalog.ts";
import { booleanOf, pruneFilter } from "./filter.ts";
import type { Layers } from "./layers.ts";
import { hasDigest, nameOf } from "./references.ts";

export type Removal = { readonly Untagged?: string; readonly Deleted?: string };

export interface RemoveOptions {
  readonly force: boolean;
  /** Parents without a name, which nothing else needs, go too. */
  readonly prune: boolean;
}

export interface Remover {
  /** EngineError 404, 409. Each step is told as it is done: events `untag` and `delete`. */
  remove(name: string, options: RemoveOptions): Promise<Removal[]>;
  prune(filters: Filters): Promise<{ ImagesDeleted: Removal[] | null; SpaceReclaimed: number }>;
}

/** A conflict that `force` does away with is a soft one. */
interface Conflict {
  readonly soft: boolean;
  readonly reason: string;
  /** A container is the reason. */
  readonly used: boolean;
}

export function makeRemover(
  catalog: Catalog,
  layers: Layers,
  uses: Uses,
  tell: (action: "untag" | "delete", image: Image) => void,
): Remover {
  const childrenOf = (id: string) => [...catalog.images.values()].filter(({ parent }) => parent === id);

  const untag = async (image: Image, reference: string, done: Removal[]) => {
    await catalog.untag(reference);
    tell("untag", image);
    done.push({ Untagged: reference });
  };

  /** The first reason why an image must stay; `named`: whether its having names is one. */
  const conflictOf = (image: Image, force: boolean, named = true): Conflict | undefined => {
    const containers = uses.ofImage(image.id);
    const running = containers.find((container) => container.running);
    if (running !== undefined) {
      return { soft: false, used: true, reason: `image is being used by running container ${running.id.slice(0, 12)}` };
    }
    if (childrenOf(image.id).length > 0)
      return { soft: false, used: false, reason: "image has dependent child images" };
    if (force) return undefined;
    if (named && catalog.referencesOf(image.id).length > 1) {
      return { soft: true, used: false, reason: "image is referenced in multiple repositories" };
    }
    const [stopped] = containers;
    if (stopped === undefined) return undefined;
    return { soft: true, used: true, reason: `image is being used by stopped container ${stopped.id.slice(0, 12)}` };
  };

  const erase = async (image: Image, options: RemoveOptions, quiet: boolean, done: Removal[]): Promise<void> => {
    const found = conflictOf(image, options.force);
    if (found !== undefined) {
      const dangling = catalog.referencesOf(image.id).length === 0 && childrenOf(image.id).length === 0;
      if (quiet && (!dangling || found.used)) return;
      throw refusal(image, found);
    }
    for (const reference of catalog.referencesOf(image.id)) await untag(image, reference, done);
    const needed = uses.ofImage(image.id).length > 0;
    const gone = new Set(needed ? [] : await catalog.remove(image.id));
    if (needed) await catalog.doom(image.id);
    tell("delete", image);
    done.push({ Deleted: image.id });
    // Layers are told of by the chain that they ended.
    const chain = chainIdsOf(image.diffIds);
    for (const [i, diffId] of image.diffIds.entries()) {
      if (gone.delete(diffId)) done.push({ Deleted: chain[i] ?? "" });
    }
    const parent = catalog.images.get(image.parent ?? "");
    if (!options.prune || parent === undefined || catalog.referencesOf(parent.id).length > 0) return;
    await erase(parent, { force: false, prune: true }, true, done);
  };

  const remove = async (name: string, options: RemoveOptions): Promise<Removal[]> => {
    await buryDoomed();
    const image = catalog.find(name);
    const done: Removal[] = [];
    const references = catalog.referencesOf(image.id);
    if (isIdOf(image, name)) {
      if (isOneRepository(references)) {
        const found = conflictOf(image, options.force, false);
        if (found !== undefined) throw refusal(image, found);
        for (const reference of references) await untag(image, reference, done);
      }
      await erase(image, options, false, done);
      return done;
    }
    const reference = keyOfName(name) ?? name;
    const [user] = uses.ofImage(image.id);
    if (!options.force && isOneRepository(references) && user !== undefined) {
      throw conflict(
        `conflict: unable to remove repository reference "${reference}" (must force) - ` +
          `container ${user.id.slice(0, 12)} is using its referenced image ${shortId(image.id)}`,
      );
    }
    await untag(image, reference, done);
    const left = catalog.referencesOf(image.id);
    const repository = nameOf(reference);
    const sameName = left.filter((other) => nameOf(other) === repository);
    // Digests alone do not keep a repository's name alive.
    if (!hasDigest(reference) && sameName.every(hasDigest)) {
      for (const other of sameName) await untag(image, other, done);
    }
    if (catalog.referencesOf(image.id).length === 0) await erase(image, options, true, done);
    return done;
  };

  /** Images that were removed by force under containers which are gone by now. */
  const buryDoomed = async () => {
    for (const image of catalog.doomed()) if (uses.ofImage(image.id).length === 0) await catalog.remove(image.id);
  };

  return {
    remove,
    prune: async (filters) => {
      const test = pruneFilter(filters);
      const danglingOnly = booleanOf(filters, "dangling") ?? true;
      const before = [...layers.all.values()];
      await buryDoomed();
      const done: Removal[] = [];
      for (const image of [...catalog.images.values()]) {
        const references = catalog.referencesOf(image.id);
        const named = danglingOnly ? references.some((reference) => !hasDigest(reference)) : false;
        if (named || uses.ofImage(image.id).length > 0 || childrenOf(image.id).length > 0) continue;
        if (!test(image, references) || !catalog.images.has(image.id)) continue;
        for (const reference of references) await untag(image, reference, done);
        await erase(image, { force: false, prune: true }, true, done);
      }
      const gone = before.filter(({ diffId }) => layers.get(diffId) === undefined);
      const SpaceReclaimed = gone.reduce((sum, { size }) => sum + size, 0);
      return { ImagesDeleted: done.length === 0 ? null : done, SpaceReclaimed };
    },
  };
}

function refusal(image: Image, { soft, reason }: Conflict) {
  const force = soft ? "must be forced" : "cannot be forced";
  return conflict(`conflict: unable to delete ${shortId(image.id)} (${force}) - ${reason}`);
}

/** Whether a name is (the beginning of) the image's ID, not a reference that looks like one. */
function isIdOf(image: Image, name: string): boolean {
  return image.id.startsWith(name) || hexOf(image.id).startsWith(name);
}

/** At most one tag, and all references within one repository. */
function isOneRepository(references: readonly string[]): boolean {
  const repositories = new Set(references.map(nameOf));
  return repositories.size <= 1 && references.filter((reference) => !hasDigest(reference)).length <= 1;
}
