/** The work of the switchboard process: resolvers and held ports as the state says, changed only where it differs. */

import { createHash } from "node:crypto";
import { openNameBook } from "./names.ts";
import { proxyTcp } from "./proxy-tcp.ts";
import { proxyUdp } from "./proxy-udp.ts";
import { type Listening, serveNames } from "./resolver.ts";
import {
  anyPort,
  nothingToDo,
  type ProxiedPort,
  portKey,
  type SwitchboardAnswer,
  type SwitchboardState,
} from "./switchboard-state.ts";

export interface Switchboard {
  /** Brings sockets and names up to a state. What cannot be had is told, and does not keep the rest from being done. */
  apply(state: SwitchboardState): Promise<SwitchboardAnswer>;
  /** Nothing is held. */
  readonly idle: boolean;
}

interface Held {
  readonly target: string;
  close(): Promise<void>;
}

export function openSwitchboard(): Switchboard {
  let state = nothingToDo;
  let book = openNameBook(state);
  /** By `network address`. */
  const resolvers = new Map<string, Listening>();
  const ports = new Map<string, Held>();
  let settled: Promise<unknown> = Promise.resolve();

  const applyResolvers = async (): Promise<Record<string, number>> => {
    const wanted = new Set(state.resolvers.flatMap(({ network, listen }) => listen.map((at) => `${network} ${at}`)));
    await closeAll(resolvers, (key) => !wanted.has(key));
    const had: Record<string, number> = {};
    for (const { network, listen, port } of state.resolvers) {
      for (const address of listen) {
        const key = `${network} ${address}`;
        const listening =
          resolvers.get(key) ??
          (await serveNames(network, address, had[network] ?? (port || usualPort(address)), () => book).catch(() =>
            serveNames(network, address, 0, () => book),
          ));
        resolvers.set(key, listening);
        had[network] ??= listening.port;
      }
    }
    return had;
  };

  const applyPorts = async (): Promise<SwitchboardAnswer["refused"]> => {
    const wanted = new Map(state.ports.map((port) => [portKey(port), port]));
    await closeAll(ports, (key, { target }) => targetOf(wanted.get(key)) !== target);
    const refused: { port: string; code: string }[] = [];
    await Promise.all(
      [...wanted].map(async ([key, port]) => {
        if (ports.has(key)) return;
        try {
          const { close } = await (port.protocol === "tcp" ? proxyTcp : proxyUdp)(port);
          ports.set(key, { target: targetOf(port), close });
        } catch (error) {
          refused.push({ port: key, code: codeOf(error) });
        }
      }),
    );
    return refused;
  };

  return {
    apply: (next) => {
      const applied = settled.then(async () => {
        state = next;
        book = openNameBook(next);
        return { refused: await applyPorts(), resolvers: await applyResolvers() };
      });
      settled = applied.catch(() => {});
      return applied;
    },
    get idle() {
      return resolvers.size === 0 && ports.size === 0;
    },
  };
}

/**
 * The port that a resolver at an address has unless it is taken, of those that nobody chooses by hand. It is the same for
 * every network that ever has the address: for two minutes the kernel sends a question from an address and port that asked
 * before to where the answer came from then (nf_conntrack_udp_timeout_stream), which may be another network's resolver.
 */
const usualPort = (address: string): number =>
  anyPort.from + (createHash("sha256").update(address).digest().readUInt32BE() % (anyPort.to - anyPort.from + 1));

const targetOf = (port: ProxiedPort | undefined) => (port === undefined ? "" : `${port.target} ${port.targetPort}`);

const codeOf = (error: unknown) =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : String(error);

async function closeAll<T extends { close(): Promise<void> }>(
  open: Map<string, T>,
  chosen: (key: string, value: T) => boolean,
): Promise<void> {
  const going = [...open].filter(([key, value]) => chosen(key, value));
  for (const [key] of going) open.delete(key);
  await Promise.all(going.map(([, { close }]) => close()));
}
