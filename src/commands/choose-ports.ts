import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import type { ProjectModel } from "../compose/model.ts";
import type { EngineClient } from "../engine/client.ts";
import { GantryError } from "../errors.ts";
import { candidates, type Wish, wishesOf, withPorts } from "../reconcile/free-ports.ts";
import { labels } from "../reconcile/labels.ts";

/** A host port of the files, and what the copy has in its place. */
export interface ChosenPort {
  readonly service: string;
  readonly written: string;
  readonly chosen: string;
}

/**
 * Gives a project's copy host ports of its own: those that its containers have, else free ones. Free is what no container
 * of the engine publishes and, where the engine is on this machine, nobody listens on.
 *
 * @throws GantryError when no port is free
 */
export async function choosePorts(
  model: ProjectModel,
  engine: EngineClient,
): Promise<{ readonly model: ProjectModel; readonly ports: readonly ChosenPort[] }> {
  const all = await engine.containerList({ all: true });
  const own = all.filter(({ Labels }) => Labels[labels.project] === model.name);
  const inspected = await Promise.all(own.map(({ Id: id }) => engine.containerInspect({ id }).catch(() => undefined)));
  const publishedBy = (list: typeof all) =>
    new Set(
      list.flatMap(({ Ports }) => Ports.flatMap(({ PublicPort, Type }) => (PublicPort ? `${PublicPort}/${Type}` : []))),
    );
  const held = publishedBy(own);
  const taken = publishedBy(all.filter((container) => !own.includes(container)));
  const isLocal = engine.url.startsWith("unix:");
  const isFree = async (port: number, protocol: string, host: string | undefined) => {
    const key = `${port}/${protocol}`;
    if (taken.has(key)) return false;
    return held.has(key) || !isLocal || (await canBind(port, protocol, host));
  };
  const published = new Map<string, Map<number, string>>();
  const ports: ChosenPort[] = [];
  const wishes = wishesOf(
    model,
    inspected.filter((found) => found !== undefined),
  );
  for (const wish of wishes) {
    const start = await firstFree(model.name, wish, isFree);
    const { service, index, port, size } = wish;
    const protocol = port.protocol ?? "tcp";
    for (let i = 0; i < size; i++) taken.add(`${start + i}/${protocol}`);
    const chosen = size === 1 ? String(start) : `${start}-${start + size - 1}`;
    published.set(service, (published.get(service) ?? new Map<number, string>()).set(index, chosen));
    const suffix = protocol === "tcp" ? "" : `/${protocol}`;
    ports.push({ service, written: `${port.published}${suffix}`, chosen: `${chosen}${suffix}` });
  }
  return { model: withPorts(model, published), ports };
}

async function firstFree(
  project: string,
  wish: Wish,
  isFree: (port: number, protocol: string, host: string | undefined) => Promise<boolean>,
): Promise<number> {
  const { port, size } = wish;
  for (const start of candidates(project, wish)) {
    const block = Array.from({ length: size }, (_, i) => isFree(start + i, port.protocol ?? "tcp", port.host_ip));
    if ((await Promise.all(block)).every(Boolean)) return start;
  }
  throw new GantryError(`no free host port for "${wish.service}" (${port.published})`);
}

/** Whether a port of this machine can be listened on. */
function canBind(port: number, protocol: string, host: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    if (protocol === "udp") {
      const socket = createSocket("udp4");
      socket.once("error", () => resolve(false));
      socket.bind({ port, ...(host && { address: host }), exclusive: true }, () => socket.close(() => resolve(true)));
    } else {
      const server = createServer();
      server.once("error", () => resolve(false));
      server.listen({ port, ...(host && { host }), exclusive: true }, () => server.close(() => resolve(true)));
    }
  });
}
