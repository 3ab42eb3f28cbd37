import type { ContainerSummary } from "../engine/api.ts";
import { GantryError, UsageError } from "../errors.ts";
import { nameOf } from "../reconcile/containers.ts";
import type { Answer } from "./answer.ts";
import { findContainer, indexFlag } from "./one-container.ts";
import { findProject } from "./project.ts";
import { openEngine } from "./session.ts";
import { Args, Flags, Verb } from "./verb.ts";

/** `gantry port`: where a container's port is published. */
export default class Port extends Verb {
  static override summary = "Show where a port is published";
  static override args = {
    service: Args.string({ required: true, description: "the service", ignoreStdin: true }),
    private_port: Args.string({ required: true, description: "the port in the container", ignoreStdin: true }),
  };
  static override flags = {
    index: indexFlag(),
    protocol: Flags.string({ helpValue: "<protocol>", description: "tcp or udp; tcp" }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Port);
    const port = Number(args.private_port);
    if (!/^\d+$/.test(args.private_port) || port > 65535) {
      throw new UsageError(`"${args.private_port}" is not a port`, { hint: "a port is a number up to 65535" });
    }
    const protocol = (flags.protocol ?? "tcp").toLowerCase();
    const [engine, { name }] = await Promise.all([openEngine(flags), findProject(flags, [args.service])]);
    const container = await findContainer(engine, name, { service: args.service, index: flags.index });
    const { IP, PublicPort } = publisherOf(container, port, protocol);
    const text = `${IP.includes(":") ? `[${IP}]` : IP}:${PublicPort}`;
    if (!flags.json) process.stdout.write(`${text}\n`);
    return { data: { address: IP, port: PublicPort, protocol } };
  }
}

/** The address on the host of a port. Throws GantryError, with the ports that are published, where it has none. */
export function publisherOf(
  container: Pick<ContainerSummary, "Id" | "Names" | "Ports">,
  port: number,
  protocol: string,
): { readonly IP: string; readonly PublicPort: number } {
  const published = container.Ports.filter(({ PublicPort }) => PublicPort !== undefined);
  const found = published.find(({ PrivatePort, Type }) => PrivatePort === port && Type === protocol);
  if (found?.PublicPort !== undefined) return { IP: found.IP ?? "", PublicPort: found.PublicPort };
  const others = new Set(published.map(({ PrivatePort, Type }) => `${PrivatePort}/${Type}`));
  throw new GantryError(`no port ${port}/${protocol} of container ${nameOf(container)} is published`, {
    hint: others.size === 0 ? "it publishes none" : `it publishes ${[...others].join(", ")}`,
  });
}
