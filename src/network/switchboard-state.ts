/** What the switchboard process is told: who has which name, and which ports of the host lead where. A file of plain data. */

/** Changes with what stands in the file and on the socket: a daemon of another version starts a switchboard of its own. */
export const switchboardVersion = 1;

export const socketName = "switchboard.sock";
export const stateName = "switchboard.json";

export interface SwitchboardState {
  readonly resolvers: readonly ResolverPlace[];
  readonly containers: readonly NamedContainer[];
  readonly ports: readonly ProxiedPort[];
}

/** Where the containers of one network reach the resolver. */
export interface ResolverPlace {
  /** The network's ID. */
  readonly network: string;
  readonly name: string;
  /** The bridge's own addresses. */
  readonly listen: readonly string[];
  /** 0: the usual one of its address, or any that is free. */
  readonly port: number;
}

export interface NamedContainer {
  readonly id: string;
  /** Whom other names are asked of; empty: the host's resolvers. */
  readonly servers: readonly string[];
  /** It is in no network that leads out: other names are not asked of anybody. */
  readonly internal: boolean;
  /** A name of one word is never asked of others: `ndots` was set by the user. */
  readonly wholeNamesOnly: boolean;
  /** The first that knows a name answers. */
  readonly endpoints: readonly NamedEndpoint[];
}

export interface NamedEndpoint {
  readonly network: string;
  readonly addresses: readonly string[];
  /** The first one is told for the address. */
  readonly names: readonly string[];
  /** What only this container calls others: alias and name. */
  readonly links: readonly (readonly [string, string])[];
}

/** A port that is held on the host, and served where the kernel does not do that. */
export interface ProxiedPort {
  readonly protocol: "tcp" | "udp";
  readonly host: string;
  readonly hostPort: number;
  readonly target: string;
  readonly targetPort: number;
}

/** Ports that nobody asked for by number are among these, as the kernel's own choice (ip_local_port_range). */
export const anyPort = { from: 32_768, to: 60_999 };

/** What the switchboard answers. */
export interface SwitchboardAnswer {
  /** By network ID: the port that the resolver has. */
  readonly resolvers: Readonly<Record<string, number>>;
  /** What could not be had, and why (`EADDRINUSE` …). */
  readonly refused: readonly { readonly port: string; readonly code: string }[];
}

export const nothingToDo: SwitchboardState = { resolvers: [], containers: [], ports: [] };

/** Tells ports of the host apart. */
export const portKey = ({ protocol, host, hostPort }: Pick<ProxiedPort, "protocol" | "host" | "hostPort">): string =>
  `${protocol} ${host} ${hostPort}`;

/** Reads the state's file; throws where it is none. */
export function readState(text: string): SwitchboardState {
  const { resolvers, containers, ports } = JSON.parse(text) as SwitchboardState;
  if (![resolvers, containers, ports].every(Array.isArray)) throw new Error("it does not hold the switchboard's state");
  return { resolvers, containers, ports };
}
