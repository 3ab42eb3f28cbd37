/** What a planned mount is, whichever way it was asked for. */

import path from "node:path";
import type { MountRecord } from "../record.ts";

/** A mount as planned: of a volume there is the name only, and of an anonymous one nothing. */
export interface MountPlan extends Omit<MountRecord, "source"> {
  readonly source?: string;
  readonly driverOptions?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** A bind's source is made where it is missing. */
  readonly createSource?: boolean;
}

/** How mounts spread between a bind and its source. Source: mount_namespaces(7). */
export const propagations = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];

/** Absolute and without `.`, `..` and doubled slashes. */
export const cleanPath = (text: string): string => path.posix.resolve("/", text);
