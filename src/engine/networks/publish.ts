/** Gives containers their ports of the host: chosen, and held by the switchboard before anybody is told. */

import { formatAddress } from "../../network/address.ts";
import { anyPort, portKey } from "../../network/switchboard-state.ts";
import type { Sandbox } from "../daemon/rooms.ts";
import { internal } from "../refusal.ts";
import type { Floor } from "./floor.ts";
import type { Step } from "./jobs.ts";
import { type Claim, claimsOf, collide, outwardEndpoint, type PortWish, portMapOf, readPorts } from "./ports.ts";
import { bindingOf } from "./record.ts";
import { syncSwitchboard } from "./sync-switchboard.ts";

interface Wanted {
  readonly wish: PortWish;
  /** What is left of the wish's addresses. */
  hosts: PortWish["hosts"];
  /** The number that is tried. */
  tried: number;
  attempts: number;
}

/**
 * Chooses and holds the ports of sandboxes that are opened, or come into a network that leads out, and puts them into the
 * model; the switchboard has the model then. The errors of the steps that cannot have theirs: they are undone, and their
 * names and ports are not in force.
 */
export async function publish(floor: Floor, steps: readonly Step[]): Promise<ReadonlyMap<Step, unknown>> {
  const errors = new Map<Step, unknown>();
  const open = new Map<string, Wanted[]>();
  const stepOf = new Map<string, Step>();
  for (const step of steps) {
    const sandbox = floor.sandboxes.get(step.container ?? "");
    if (sandbox === undefined || Object.keys(sandbox.ports).length > 0) continue;
    const outward = outwardEndpoint(sandbox, (id) => floor.records.get(id));
    const wishes = outward === undefined ? [] : readPorts(sandbox.request.ports, bindingOf(outward.network));
    stepOf.set(sandbox.id, step);
    open.set(
      sandbox.id,
      wishes.map((wish) => ({ wish, hosts: wish.hosts, tried: 0, attempts: 0 })),
    );
  }
  const giveUp = (id: string, error: unknown) => {
    const step = stepOf.get(id);
    if (step !== undefined) errors.set(step, error);
    step?.undo();
    open.delete(id);
  };
  for (;;) {
    for (const [id, wanted] of open) {
      const failure = chooseAll(floor, id, wanted);
      if (failure !== undefined) giveUp(id, failure);
    }
    const refused = await syncSwitchboard(floor);
    const concerned = [...open.values()].flat().some((one) => codesOf(one, refused).some((code) => code !== undefined));
    if (!concerned) return errors;
    for (const [id, wanted] of open) {
      const failure = wanted.map((one) => passOver(floor, id, one, refused)).find((error) => error !== undefined);
      if (failure !== undefined) giveUp(id, failure);
    }
  }
}

/** Chooses numbers for what has none, and puts them into the model; the error where there is none left. */
function chooseAll(floor: Floor, id: string, wanted: readonly Wanted[]): Error | undefined {
  const sandbox = floor.sandboxes.get(id);
  if (sandbox === undefined) return undefined;
  const others = [...floor.sandboxes.values()].filter((other) => other.id !== id).flatMap(claimsOf);
  const mine: Claim[] = [];
  for (const one of wanted) {
    const fits = (port: number) =>
      !claims(one, port).some((claim) => [...others, ...mine].some((other) => collide(claim, other)));
    if (one.tried === 0) one.tried = choose(floor, one, fits) ?? 0;
    if (one.tried === 0) return taken(floor, sandbox, one);
    mine.push(...claims(one, one.tried));
  }
  floor.sandboxes.set(id, { ...sandbox, ports: portMapOf(mine) });
  return undefined;
}

const claims = ({ wish, hosts }: Wanted, hostPort: number): Claim[] =>
  hosts.map((host) => ({ protocol: wish.protocol, port: wish.port, host, hostPort }));

function choose(floor: Floor, one: Wanted, fits: (port: number) => boolean): number | undefined {
  const { from, to } = one.wish.from === 0 ? anyPort : one.wish;
  const size = to - from + 1;
  // Ports that nobody named go round: one that was just given back is not the next one's.
  const start = one.wish.from === 0 ? floor.nextPort : 0;
  for (; one.attempts < size; one.attempts++) {
    const port = from + ((start + one.attempts) % size);
    if (!fits(port)) continue;
    one.attempts++;
    if (one.wish.from === 0) floor.nextPort = (port + 1 - from) % size;
    return port;
  }
  return undefined;
}

/** After the switchboard's answer: what it could not have is chosen anew; the error where that is of no use. */
function passOver(floor: Floor, id: string, one: Wanted, refused: ReadonlyMap<string, string>): Error | undefined {
  const sandbox = floor.sandboxes.get(id);
  if (sandbox === undefined || one.wish.protocol === "sctp") return undefined;
  const { protocol } = one.wish;
  const codes = codesOf(one, refused);
  // A host without IPv6 publishes by IPv4.
  const missing = (code: string | undefined) =>
    code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL" || code === "EINVAL";
  if (one.wish.everywhere) {
    const left = one.hosts.filter((host, index) => host.family === 4 || !missing(codes[index]));
    if (left.length < one.hosts.length) {
      one.hosts = left;
      return undefined;
    }
  }
  const at = codes.findIndex((code) => code !== undefined);
  if (at < 0) return undefined;
  if (codes[at] === "EADDRINUSE") {
    one.tried = 0;
    return undefined;
  }
  const host = one.hosts[at];
  const address = host === undefined ? "" : bracketed(formatAddress(host));
  const why = codes[at] === "EADDRNOTAVAIL" ? "cannot assign requested address" : codes[at];
  return failed(floor, sandbox, `failed to bind host port for ${address}:${one.tried}/${protocol}: ${why}`);
}

/** Why the switchboard could not have it, for each of its addresses. */
const codesOf = ({ wish: { protocol }, hosts, tried }: Wanted, refused: ReadonlyMap<string, string>) =>
  hosts.map((host) =>
    refused.get(portKey({ protocol: protocol as "tcp", host: formatAddress(host), hostPort: tried })),
  );

function taken(floor: Floor, sandbox: Sandbox, { wish: { hosts, from, to } }: Wanted): Error {
  const host = hosts.find((address) => address.family === 4) ?? hosts[0];
  const address = host === undefined ? "" : bracketed(formatAddress(host));
  const port = from === to ? `${from}` : `${from}-${to}`;
  if (from === 0) return failed(floor, sandbox, "all ports are allocated");
  return failed(floor, sandbox, `Bind for ${address}:${port} failed: port is already allocated`);
}

function failed(floor: Floor, sandbox: Sandbox, why: string): Error {
  const endpoint = outwardEndpoint(sandbox, (id) => floor.records.get(id))?.endpoint.EndpointID ?? "";
  return internal(`driver failed programming external connectivity on endpoint ${sandbox.name} (${endpoint}): ${why}`);
}

const bracketed = (address: string) => (address.includes(":") ? `[${address}]` : address);
