import { type Ledger, openLedger } from "./ledger.ts";
import type { Tree } from "./read-tree.ts";

/** What the containers of one service have. */
export interface ServiceRecord {
  readonly ledger: Ledger;
  /** Container → the number of the last batch that it has. */
  readonly reached: Map<string, number>;
  /** The path that called for a rebuild which has not come to its end. */
  rebuild?: string | undefined;
}

/**
 * What watching knows: given to the next `watch` of the same project, it goes on from there. What changed in between is
 * made up for, and a container that is new gets all that was changed since the very first.
 */
export interface WatchRecord {
  of(service: string): ServiceRecord;
  /** The services that have one, by name. */
  readonly services: ReadonlyMap<string, ServiceRecord>;
  /**
   * There while another model is being brought up: until it settles, a container that has had nothing yet gets nothing,
   * because it may be made for other rules.
   */
  held?: Promise<void> | undefined;
  /** The folders as they were seen last. */
  tree?: Tree;
}

export function openRecord(): WatchRecord {
  const services = new Map<string, ServiceRecord>();
  return {
    services,
    of: (service) => {
      const record = services.get(service) ?? { ledger: openLedger(), reached: new Map() };
      services.set(service, record);
      return record;
    },
  };
}
