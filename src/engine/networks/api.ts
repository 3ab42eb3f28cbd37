/** The networks' calls of the Engine API; connecting and disconnecting are the containers' room's. */

import type { Engine, NetworkMember, NetworkResource } from "../api.ts";
import { takeNetworkBody } from "./body.ts";
import { draftNetwork, type Surroundings } from "./create.ts";
import { networkFilter, pruneFilter } from "./filter.ts";
import { endpointsIn, type Floor } from "./floor.ts";
import type { Job } from "./jobs.ts";
import { type NetworkRecord, resourceOf } from "./record.ts";
import { findNetwork, newId } from "./registry.ts";

export type NetworkApi = Pick<
  Engine,
  "networkList" | "networkInspect" | "networkCreate" | "networkRemove" | "networkPrune"
>;

interface NetworkDesk {
  readonly floor: Floor;
  readonly submit: (job: Job) => Promise<void>;
  readonly surroundings: () => Promise<Surroundings>;
}

export function networkApi({ floor, submit, surroundings }: NetworkDesk): NetworkApi {
  const { records, ground } = floor;
  const show = (record: NetworkRecord) => resourceOf(record, membersOf(floor, record.id));
  const all = (): NetworkResource[] =>
    [...records.all.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(show);
  const tell = (action: "create" | "destroy", { id, name, driver }: NetworkRecord) =>
    ground.events.publish("network", action, id, { name, type: driver });
  const remove = async (record: NetworkRecord) => {
    await submit({ kind: "remove", id: record.id });
    tell("destroy", record);
  };
  // Two networks must not find the same subnet free, nor the same name.
  let creating: Promise<unknown> = Promise.resolve();

  return {
    networkList: async ({ filters }) => all().filter(networkFilter(filters ?? {})),
    networkInspect: async ({ id }) => show(findNetwork(records, id)),
    networkCreate: async ({ body: sent }) => {
      const body = takeNetworkBody(sent);
      const made = creating.then(async () => {
        const record = draftNetwork(newId(), new Date().toISOString(), body, await surroundings());
        await submit({ kind: "create", record });
        return record;
      });
      creating = made.catch(() => {});
      const record = await made;
      tell("create", record);
      return { Id: record.id, Warning: "" };
    },
    networkRemove: ({ id }) => remove(findNetwork(records, id)),
    networkPrune: async ({ filters }) => {
      const chosen = all().filter(pruneFilter(filters ?? {}, Date.now() / 1000));
      const removed = await Promise.all(
        chosen.map(async ({ Id, Name }) => {
          // One that got a container meanwhile stays.
          const gone = await remove(findNetwork(records, Id)).then(
            () => true,
            () => false,
          );
          return gone ? [Name] : [];
        }),
      );
      const names = removed.flat();
      return { NetworksDeleted: names.length === 0 ? null : names };
    },
  };
}

function membersOf(floor: Floor, network: string): Record<string, NetworkMember> {
  const members = [...endpointsIn(floor, network)].map(({ sandbox, endpoint }): [string, NetworkMember] => {
    const { IPAddress, IPPrefixLen, GlobalIPv6Address, GlobalIPv6PrefixLen } = endpoint;
    return [
      sandbox.id,
      {
        Name: sandbox.name,
        EndpointID: endpoint.EndpointID ?? "",
        MacAddress: endpoint.MacAddress ?? "",
        IPv4Address: IPAddress ? `${IPAddress}/${IPPrefixLen}` : "",
        IPv6Address: GlobalIPv6Address ? `${GlobalIPv6Address}/${GlobalIPv6PrefixLen}` : "",
      },
    ];
  });
  return Object.fromEntries(members);
}
