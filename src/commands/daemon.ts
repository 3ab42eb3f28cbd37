import { placesOf } from "../engine/embedded.ts";
import { EngineError } from "../errors.ts";
import { Flags, several, Verb } from "./verb.ts";

/** `gantry daemon`: the embedded engine, in the foreground, until SIGTERM. Its containers outlive it. */
export default class Daemon extends Verb {
  static override summary = "Run the embedded engine";
  static override description =
    "Runs the engine that gantry brings along, in the foreground. It speaks the Docker Engine API, so docker and docker compose work with it too: DOCKER_HOST=unix:///run/gantry/engine.sock. What docker's daemon.json says of registries (insecure-registries, registry-mirrors) is read from /etc/gantry/daemon.json, else /etc/docker/daemon.json; certificates from certs.d beside them. Ended by SIGTERM; containers go on, and the next daemon takes them over.";
  static override flags = {
    host: Flags.string({
      ...several,
      char: "H",
      helpValue: "<url>",
      description: "where to listen: unix:// or tcp:// on loopback",
    }),
    "data-root": Flags.string({ helpValue: "<path>", description: "what outlives a reboot; /var/lib/gantry" }),
    "exec-root": Flags.string({ helpValue: "<path>", description: "what lasts until a reboot; /run/gantry" }),
    "insecure-registry": Flags.string({
      ...several,
      helpValue: "<host>",
      description: "a registry, or a network of such, that may do without TLS",
    }),
    "registry-mirror": Flags.string({
      ...several,
      helpValue: "<url>",
      description: "where Docker Hub's images are looked for first",
    }),
    "log-level": Flags.option({
      options: ["debug", "info", "warn", "error"] as const,
      default: "info" as const,
      description: "how much to log on stderr",
    })(),
    "ready-fd": Flags.integer({ min: 3, hidden: true }),
  };

  async run(): Promise<number> {
    const { flags } = await this.parse(Daemon);
    const { "data-root": dataRoot, "exec-root": execRoot, "ready-fd": readyDescriptor } = flags;
    const { runDaemon } = await import("../engine/daemon/main.ts");
    const running = runDaemon({
      places: placesOf({ ...(dataRoot !== undefined && { dataRoot }), ...(execRoot !== undefined && { execRoot }) }),
      hosts: flags.host ?? [],
      registries: { insecure: flags["insecure-registry"] ?? [], mirrors: flags["registry-mirror"] ?? [] },
      logLevel: flags["log-level"],
      ...(readyDescriptor !== undefined && { readyDescriptor }),
    });
    await running.catch((error) => {
      throw ownError(error);
    });
    return 0;
  }
}

/** The daemon is a bundle of its own, with classes of its own: its EngineError is made ours, so that it is told as one. */
function ownError(error: unknown): unknown {
  const isRefusal = error instanceof Error && error.name === "EngineError" && "hint" in error;
  if (!isRefusal) return error;
  return new EngineError(error.message, { cause: error, ...(typeof error.hint === "string" && { hint: error.hint }) });
}
