/** Which networks a container is in: connect and disconnect, also while it runs. */

import type { EndpointSettings, Engine } from "../api.ts";
import type { Sandbox } from "../daemon/rooms.ts";
import { forbidden } from "../refusal.ts";
import { takeMembershipBody } from "./bodies.ts";
import type { Container } from "./registry.ts";
import { partnerOf, type Room } from "./room.ts";
import { isRunning } from "./state.ts";

export function openMembership(room: Room): Pick<Engine, "networkConnect" | "networkDisconnect"> {
  return {
    networkConnect: async ({ id, body }) => {
      const { Container, EndpointConfig } = takeMembershipBody(body);
      const container = room.registry.find(Container);
      await container.exclusively(() => connect(room, container, id, EndpointConfig ?? {}));
    },
    networkDisconnect: async ({ id, body }) => {
      const container = room.registry.find(takeMembershipBody(body).Container);
      await container.exclusively(() => disconnect(room, container, id));
    },
  };
}

async function connect(room: Room, container: Container, network: string, endpoint: EndpointSettings): Promise<void> {
  const { hostConfig, name, endpoints, state } = container.record;
  const mode = hostConfig.NetworkMode ?? "";
  if (mode === "host" || network === "host" || partnerOf(mode) !== undefined) {
    throw forbidden(
      "container sharing network namespace with another container or host cannot be connected to any other network",
    );
  }
  if (mode === "none" || network === "none") {
    throw forbidden(
      "container cannot be connected to multiple networks with one of the networks in private (none) mode",
    );
  }
  if (Object.hasOwn(endpoints, network)) {
    throw forbidden(`endpoint with name ${name} already exists in network ${network}`);
  }
  room.sandboxes.check({ endpoints: new Map([[network, endpoint]]), ports: {} });
  const sandbox = isRunning(state) ? await room.sandboxes.join(container.id, network, endpoint) : undefined;
  await container.save(
    (record) => withSandbox({ ...record, endpoints: { ...record.endpoints, [network]: endpoint } }, sandbox),
    { sync: true },
  );
}

async function disconnect(room: Room, container: Container, network: string): Promise<void> {
  const { hostConfig, endpoints, state, id } = container.record;
  if (hostConfig.NetworkMode === "host" && network === "host") {
    throw forbidden("container cannot be disconnected from host network or connected to host network");
  }
  const name = nameIn(container, network);
  if (name === undefined) throw forbidden(`container ${id} is not connected to network ${network}`);
  const { [name]: _, ...left } = endpoints;
  const sandbox = isRunning(state) ? await room.sandboxes.leave(id, name) : undefined;
  await container.save((record) => withSandbox({ ...record, endpoints: left }, sandbox), { sync: true });
}

/** The network as the container's record calls it: by its name, or by its ID where it was named so. */
function nameIn({ record }: Container, network: string): string | undefined {
  if (Object.hasOwn(record.endpoints, network)) return network;
  const known = Object.entries(record.state.run?.sandbox?.endpoints ?? {});
  return known.find(([, { NetworkID = "" }]) => NetworkID !== "" && NetworkID.startsWith(network))?.[0];
}

function withSandbox(record: Container["record"], sandbox: Sandbox | undefined): Container["record"] {
  if (sandbox === undefined) return record;
  return { ...record, state: { ...record.state, run: { ...record.state.run, sandbox } } };
}
