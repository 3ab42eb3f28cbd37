import type { ProjectModel } from "../compose/model.ts";
import type { Offers } from "../reconcile/offers.ts";
import type { Session } from "./session.ts";

/** What services with `use_api_socket` get; undefined where there is none. */
export async function apiSocketFor(
  { services }: ProjectModel,
  { engine, environment }: Pick<Session, "engine" | "environment">,
): Promise<Offers["apiSocket"]> {
  if (![...services.values()].some((service) => service.use_api_socket === true)) return undefined;
  const { allCredentials, configText } = await import("../engine/credentials.ts");
  const path = /^unix:\/\/(.*)$/.exec(engine.url)?.[1];
  // Of an engine in a virtual machine, the socket here is not the one there.
  const socket = path === undefined || path.includes("/.docker/") ? "/var/run/docker.sock" : path;
  return { socket, config: configText(await allCredentials(environment)) };
}
