/** The networks that there are: records, found by name, ID or the beginning of an ID. */

import { randomBytes } from "node:crypto";
import path from "node:path";
import type { Ground } from "../daemon/ground.ts";
import { openRecords, type Records } from "../daemon/records.ts";
import { badRequest, notFound } from "../refusal.ts";
import { defaultBridge, type Surroundings } from "./create.ts";
import { decodeNetwork, type NetworkDriver, type NetworkRecord, predefined } from "./record.ts";

export const newId = (): string => randomBytes(32).toString("hex");

export const openNetworkRecords = ({ dataRoot, log }: Pick<Ground, "dataRoot" | "log">) =>
  openRecords({ folder: path.join(dataRoot, "networks"), decode: decodeNetwork, log });

/** The network that a user means. EngineError 404 `network x not found`, 400 where a beginning fits several. */
export function findNetwork(records: Records<NetworkRecord>, name: string): NetworkRecord {
  const exact = records.get(name) ?? [...records.all.values()].find((network) => network.name === name);
  if (exact !== undefined) return exact;
  const beginning = name === "" ? [] : [...records.all.values()].filter(({ id }) => id.startsWith(name));
  if (beginning.length > 1)
    throw badRequest(`network ${name} is ambiguous (${beginning.length} matches found on ID prefix)`);
  const [only] = beginning;
  if (only === undefined) throw notFound(`network ${name} not found`);
  return only;
}

/** A network without subnets, which the engine has from its first start. */
export const builtIn = (name: string, driver: NetworkDriver, created: string): NetworkRecord => ({
  id: newId(),
  name,
  created,
  driver,
  internal: false,
  attachable: false,
  enableIPv4: true,
  enableIPv6: false,
  ipam: { driver: "default", options: null, config: [], found: [] },
  options: {},
  labels: {},
});

/** Makes the records of `bridge`, `host` and `none` that are missing: at the first start, or where they were damaged. */
export async function ensurePredefined(
  records: Records<NetworkRecord>,
  surroundings: () => Promise<Surroundings>,
): Promise<void> {
  const names = new Set([...records.all.values()].map(({ name }) => name));
  const created = new Date().toISOString();
  const missing = predefined
    .filter((name) => !names.has(name))
    .map(async (name) => {
      if (name === "host") return builtIn(name, "host", created);
      if (name === "none") return builtIn(name, "null", created);
      return defaultBridge(newId(), created, await surroundings());
    });
  for (const record of await Promise.all(missing)) await records.put(record.id, record, { sync: true });
}
