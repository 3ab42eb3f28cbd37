/** Which networks a container is in: connect and disconnect, also while it runs. */

import type { EndpointSettings, Engine } from "../api.ts";
import type { NetworkIdentity, Sandbox } from "../daemon/rooms.ts";
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
      const network = room.sandboxes.identify(id);
      await container.exclusively(() => connect(room, container, network, EndpointConfig ?? {}));
    },
    networkDisconnect: async ({ id, body }) => {
      const container = room.registry.find(takeMembershipBody(body).Container);
      const network = room.sandboxes.identify(id).name;
      await container.exclusively(() => disconnect(room, container, network));
    },
  };
}

async function connect(
  room: Room,
  container: Container,
  { id, name: network }: NetworkIdentity,
  wanted: EndpointSettings,
): Promise<void> {
  const endpoint = { ...wanted, NetworkID: id };
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
  if (!Object.hasOwn(endpoints, network)) throw forbidden(`container ${id} is not connected to network ${network}`);
  const { [network]: _, ...left } = endpoints;
  const sandbox = isRunning(state) ? await room.sandboxes.leave(id, network) : undefined;
  await container.save((record) => withSandbox({ ...record, endpoints: left }, sandbox), { sync: true });
}

function withSandbox(record: Container["record"], sandbox: Sandbox | undefined): Container["record"] {
  if (sandbox === undefined) return record;
  return { ...record, state: { ...record.state, run: { ...record.state.run, sandbox } } };
}
