/** What the networks' room works on: the records, the open sandboxes, and the kernel's and the switchboard's keepers. */

import type { FirewallKeeper } from "../../network/firewall.ts";
import type { ForwardPermission } from "../../network/forward-permission.ts";
import type { Owner } from "../../network/model.ts";
import type { SwitchboardClient } from "../../network/switchboard-client.ts";
import type { Ground } from "../daemon/ground.ts";
import type { Records } from "../daemon/records.ts";
import type { Sandbox } from "../daemon/rooms.ts";
import type { NetworkRecord } from "./record.ts";
import { addressesOf } from "./station.ts";

export interface Floor {
  readonly ground: Ground;
  readonly owner: Owner;
  readonly records: Records<NetworkRecord>;
  /** By the container's ID. */
  readonly sandboxes: Map<string, Sandbox>;
  readonly firewall: FirewallKeeper;
  readonly permission: ForwardPermission;
  readonly switchboard: SwitchboardClient;
  /** By network ID: the port that the switchboard's resolver has. */
  readonly resolvers: Map<string, number>;
  /** The links that other firewalls let pass, as far as is known. */
  permitted: string | undefined;
  /** Where the search for a port that nobody named goes on. */
  nextPort: number;
}

/** The endpoints of a network. */
export function* endpointsIn({ sandboxes }: Pick<Floor, "sandboxes">, network: string) {
  for (const sandbox of sandboxes.values()) {
    for (const [name, endpoint] of Object.entries(sandbox.endpoints)) {
      if (endpoint.NetworkID === network) yield { sandbox, name, endpoint };
    }
  }
}

/** The addresses that a network's endpoints have. */
export function addressesIn(floor: Pick<Floor, "sandboxes">, network: string): ReadonlySet<bigint> {
  return new Set(
    [...endpointsIn(floor, network)].flatMap(({ endpoint }) => addressesOf(endpoint).map(({ value }) => value)),
  );
}
