/** All containers there are: found by ID, name or the beginning of an ID; one change at a time each. */

import type { Ground } from "../daemon/ground.ts";
import { openRecords, type Records } from "../daemon/records.ts";
import { badRequest, conflict, notFound } from "../refusal.ts";
import { type ContainerRecord, decodeRecord } from "./record.ts";

/** What happened to a container, told when its record says so already. */
export type Change = "started" | "failed" | "ended" | "removed";

export interface Container {
  readonly id: string;
  /** As it is now. */
  readonly record: ContainerRecord;
  /** Replaces the record; `sync`: it survives a power cut. */
  save(change: (record: ContainerRecord) => ContainerRecord, options: { readonly sync: boolean }): Promise<void>;
  /**
   * Carries work out when all that was asked for before is done: a container is changed by one call at a time. EngineError 404
   * where it was removed by then: nothing is made for a container that nobody can take away any more.
   */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** Calls the listener at each change until the function that it returns is called. */
  listen(listener: (change: Change) => void): () => void;
  tell(change: Change): void;
}

export interface Registry {
  all(): readonly Container[];
  get(id: string): Container | undefined;
  /** By ID, name (with or without a slash) or the beginning of an ID. EngineError 404 where there is none, 400 where there are several. */
  find(reference: string): Container;
  /** EngineError 409 where another one has that name. */
  reserve(name: string, id: string): void;
  /** Gives a reserved name back that no container came to have. */
  release(name: string): void;
  /** Writes a new container, whose name is reserved. */
  add(record: ContainerRecord): Promise<Container>;
  /** Writes the new name, which is reserved, and gives the old one back. */
  rename(container: Container, name: string): Promise<void>;
  /** Forgets it. */
  remove(container: Container): Promise<void>;
}

/** `folder`: where the records are. */
export async function openRegistry(ground: Ground, folder: string): Promise<Registry> {
  const records = await openRecords({ folder, decode: decodeRecord, log: ground.log });
  const containers = new Map<string, Container>();
  const names = new Map<string, string>();
  for (const [id, record] of records.all) {
    containers.set(id, makeContainer(id, records));
    names.set(record.name, id);
  }

  const find = (reference: string): Container => {
    if (reference === "") throw badRequest("invalid container name or ID: value is empty");
    const name = reference.startsWith("/") ? reference.slice(1) : reference;
    const exact = containers.get(reference) ?? containers.get(names.get(name) ?? "");
    if (exact !== undefined) return exact;
    const matching = [...containers.keys()].filter((id) => id.startsWith(reference));
    if (matching.length > 1) throw badRequest(`Multiple IDs found with provided prefix: ${reference}`);
    const found = containers.get(matching[0] ?? "");
    if (found === undefined) throw notFound(`No such container: ${reference}`);
    return found;
  };

  return {
    all: () => [...containers.values()],
    get: (id) => containers.get(id),
    find,
    reserve: (name, id) => {
      const owner = names.get(name);
      if (owner !== undefined && owner !== id) {
        throw conflict(
          `Conflict. The container name "/${name}" is already in use by container "${owner}". You have to remove (or rename) that container to be able to reuse that name.`,
        );
      }
      names.set(name, id);
    },
    release: (name) => {
      names.delete(name);
    },
    add: async (record) => {
      const container = makeContainer(record.id, records);
      const written = records.put(record.id, record, { sync: true });
      containers.set(record.id, container);
      await written.catch((error: unknown) => {
        containers.delete(record.id);
        throw error;
      });
      return container;
    },
    rename: async (container, name) => {
      const old = container.record.name;
      await container.save((record) => ({ ...record, name }), { sync: true });
      names.delete(old);
    },
    remove: async (container) => {
      const { name } = container.record;
      const written = records.remove(container.id);
      containers.delete(container.id);
      if (names.get(name) === container.id) names.delete(name);
      await written;
    },
  };
}

function makeContainer(id: string, records: Records<ContainerRecord>): Container {
  const listeners = new Set<(change: Change) => void>();
  let last: Promise<unknown> = Promise.resolve();
  // A call that still holds a container which has just been removed sees it as it was.
  let current = records.get(id);
  const record = () => {
    current = records.get(id) ?? current;
    if (current === undefined) throw notFound(`No such container: ${id}`);
    return current;
  };
  return {
    id,
    get record() {
      return record();
    },
    save: async (change, options) => {
      const next = change(record());
      if (records.get(id) !== undefined) await records.put(id, next, options);
    },
    exclusively: (work) => {
      const mine = last.then(() => {
        if (records.get(id) === undefined) throw notFound(`No such container: ${id}`);
        return work();
      });
      last = mine.catch(() => {});
      return mine;
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    tell: (change) => {
      for (const listener of [...listeners]) listener(change);
    },
  };
}
