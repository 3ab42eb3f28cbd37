/** Connections to one engine: kept alive and reused, as many at a time as there are calls. */

import { Agent, type AgentOptions, type ClientRequest, type RequestOptions, request as requestPlain } from "node:http";
import type { Address, TlsMaterial } from "./address.ts";
import { openSsh } from "./ssh.ts";

export interface Transport {
  readonly address: Address;
  /**
   * Begins a request; it goes out when it is ended or written to. One that is to be hijacked gets a connection of its own,
   * whose two directions end independently of each other.
   */
  request(options: RequestOptions, hijack: boolean): ClientRequest;
  /** Cuts every connection that is not hijacked, also those in use. */
  close(): void;
}

const pooled: AgentOptions = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 256 };
// Not among the agent's own options, but it hands them on to the connections.
const single = { keepAlive: false, maxSockets: Number.POSITIVE_INFINITY, allowHalfOpen: true };

/** No name for TLS. Where none is given, node:http makes one up from the host, which costs milliseconds. */
const plain = { servername: "" };

/** Opens nothing yet; connections are made by the requests. */
export function openTransport(address: Address): Transport {
  if (address.kind === "unix") return overHttp(address, { socketPath: address.path });
  if (address.kind === "ssh") return overSsh(address);
  const place = { host: address.host, port: address.port };
  return address.tls === undefined ? overHttp(address, place) : overTls(address, place, address.tls);
}

function overHttp(address: Address, place: RequestOptions, agents = [new Agent(pooled), new Agent(single)]): Transport {
  const [calls, hijacks] = agents;
  return {
    address,
    request: (options, hijack) => requestPlain({ ...options, ...place, ...plain, agent: hijack ? hijacks : calls }),
    close: () => {
      for (const agent of agents) agent.destroy();
    },
  };
}

function overSsh(address: Extract<Address, { kind: "ssh" }>): Transport {
  const agents = [new Agent(pooled), new Agent(single)];
  for (const agent of agents) agent.createConnection = () => openSsh(address);
  return overHttp(address, { host: address.host }, agents);
}

function overTls(address: Address, place: RequestOptions, tls: TlsMaterial): Transport {
  // Loaded only here: TLS costs start-up time, and most engines are behind a unix socket.
  const https = process.getBuiltinModule("node:https");
  const { verify, ...material } = tls;
  const secure = { ...material, rejectUnauthorized: verify };
  const calls = new https.Agent({ ...pooled, ...secure });
  const hijacks = new https.Agent({ ...single, ...secure });
  return {
    address,
    request: (options, hijack) => https.request({ ...options, ...place, agent: hijack ? hijacks : calls }),
    close: () => {
      calls.destroy();
      hijacks.destroy();
    },
  };
}
