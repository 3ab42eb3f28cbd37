import manifest from "../../package.json" with { type: "json" };
import type { Loaded } from "../compose/load.ts";
import { select } from "../compose/select.ts";
import { parseSize } from "../compose/short/size.ts";
import { UsageError } from "../errors.ts";
import { type BuildOptions, buildOrder } from "../reconcile/build-order.ts";
import { planBuild } from "../reconcile/images.ts";
import type { Answer } from "./answer.ts";
import { finish } from "./carry-out.ts";
import { loadAll } from "./project.ts";
import { openSession } from "./session.ts";
import { Flags, serviceArgs, several, Verb } from "./verb.ts";

/** `gantry build`: builds the images of services that have a build section. */
export default class Build extends Verb {
  static override summary = "Build images";
  static override args = serviceArgs;
  static override idle = ["compress", "force-rm", "no-rm", "parallel"];
  static override flags = {
    builder: Flags.string({ helpValue: "<name>", description: "build with this builder of docker buildx" }),
    "build-arg": Flags.string({ ...several, helpValue: "<name=value>", description: "set a build argument" }),
    memory: Flags.string({ char: "m", helpValue: "<size>", description: "limit of the build's memory: 512m" }),
    check: Flags.boolean({ description: "look for mistakes in the Dockerfiles, and build nothing" }),
    "no-cache": Flags.boolean({ description: "build every step anew" }),
    print: Flags.boolean({ description: "print the builds as a file of docker buildx bake, and build nothing" }),
    provenance: Flags.string({ helpValue: "<value>", description: "add a provenance attestation: true, mode=max" }),
    pull: Flags.boolean({ description: "look for newer base images" }),
    push: Flags.boolean({ description: "push the images when they are built" }),
    quiet: Flags.boolean({ char: "q", description: "show no progress" }),
    sbom: Flags.string({ helpValue: "<value>", description: "add a bill of materials: true, generator=IMAGE" }),
    ssh: Flags.string({
      ...several,
      helpValue: "<id[=path]>",
      description: "ssh agent or key that RUN may use; default: the agent that runs",
    }),
    "with-dependencies": Flags.boolean({ description: "also what the named services depend on" }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Build);
    const { services = [] } = args;
    const options = { ...optionsOf(flags), version: manifest.version };
    const chosen = ({ project }: Loaded) =>
      select(project, services, { dependencies: flags["with-dependencies"] === true });
    if (flags.print) {
      const model = chosen(await loadAll(flags, { services }));
      const built = [...model.services.values()].filter(({ build }) => build !== undefined);
      const orders = built.map((service) => buildOrder(model, service, options).order);
      const { bakeFile } = await import("../engine/builders/bake-file.ts");
      const text = orders.length > 0 ? bakeFile(orders) : undefined;
      if (flags.json) return { data: { bake: text === undefined ? {} : JSON.parse(text) } };
      if (text !== undefined) process.stdout.write(`${text}\n`);
      return 0;
    }
    const session = await openSession(flags, services);
    const { locate } = session.loaded;
    const planned = planBuild(chosen(session.loaded), { ...options, locate });
    if (planned.plan.steps.length === 0 && planned.errors.length === 0) {
      process.stderr.write("nothing to build: no service has a build section\n");
    }
    return await finish(session, planned, flags);
  }
}

interface BuildFlags {
  readonly builder?: string | undefined;
  readonly "build-arg"?: readonly string[] | undefined;
  readonly check?: boolean | undefined;
  readonly memory?: string | undefined;
  readonly "no-cache"?: boolean | undefined;
  readonly provenance?: string | undefined;
  readonly pull?: boolean | undefined;
  readonly push?: boolean | undefined;
  readonly sbom?: string | undefined;
  readonly ssh?: readonly string[] | undefined;
}

function optionsOf(flags: BuildFlags): Omit<BuildOptions, "version"> {
  const { builder, memory, provenance, sbom, ssh = [] } = flags;
  return {
    buildArgs: new Map((flags["build-arg"] ?? []).map(parseBuildArg)),
    noCache: flags["no-cache"] === true,
    pull: flags.pull === true,
    ssh: new Map(
      ssh.flatMap((words) =>
        words
          .split(/\s+/)
          .filter((word) => word !== "")
          .map(parseSsh),
      ),
    ),
    ...(flags.push === true && { push: true }),
    ...(flags.check === true && { check: true }),
    ...(builder !== undefined && builder !== "" && { builder }),
    ...(memory !== undefined && { memory: parseMemory(memory) }),
    ...(provenance !== undefined && { provenance }),
    ...(sbom !== undefined && { sbom }),
  };
}

/** `A=1`; `A` alone takes the value of the environment. */
function parseBuildArg(text: string): [string, string | null] {
  const equals = text.indexOf("=");
  return equals === -1 ? [text, null] : [text.slice(0, equals), text.slice(equals + 1)];
}

/** `default`, or `id=path`. */
function parseSsh(text: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals !== -1) return [text.slice(0, equals), text.slice(equals + 1)];
  if (text !== "default") throw new UsageError(`--ssh: "${text}" is neither default nor id=path`);
  return [text, ""];
}

function parseMemory(text: string): number {
  const parsed = parseSize(text);
  if ("error" in parsed) throw new UsageError(`--memory: ${parsed.error}`);
  return parsed.value;
}
