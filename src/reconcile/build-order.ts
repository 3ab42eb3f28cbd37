import { isAbsolute, join } from "node:path";
import type { Build, ProjectModel, Service } from "../compose/model.ts";
import { type BuildOrder, type BuildSecret, isRemoteContext } from "../engine/build-order.ts";
import type { Finding } from "./finding.ts";
import { labels } from "./labels.ts";
import { imageReference } from "./names.ts";
import { platformOf } from "./platform.ts";
import { listOf, present, recordOf } from "./present.ts";

export interface BuildOptions {
  /** gantry's own version, for the labels. */
  readonly version: string;
  /** --build-arg: name → value; null: from the environment. */
  readonly buildArgs?: ReadonlyMap<string, string | null>;
  readonly noCache?: boolean;
  /** The image is to run here: of several platforms the one that is wanted most is built, else the engine's. */
  readonly onePlatform?: boolean;
  /** Look for newer base images. */
  readonly pull?: boolean;
  /** Bytes. */
  readonly memory?: number;
  /** --ssh: id → socket or key files. */
  readonly ssh?: ReadonlyMap<string, string>;
  /** For services that say nothing of it themselves. */
  readonly provenance?: string;
  readonly sbom?: string;
  readonly push?: boolean;
  readonly check?: boolean;
  /** A builder of `docker buildx`. */
  readonly builder?: string;
}

type BuildFinding = Finding & { readonly path: readonly string[] };

/**
 * What is to be built for a service, and what is wrong with it. The services that `additional_contexts` names come along as
 * orders of their own.
 */
export function buildOrder(
  model: ProjectModel,
  service: Service,
  options: BuildOptions,
): { readonly order: BuildOrder; readonly findings: readonly BuildFinding[] } {
  const findings: BuildFinding[] = [];
  return { order: orderOf(model, service, options, findings), findings };
}

function orderOf(model: ProjectModel, service: Service, options: BuildOptions, findings: BuildFinding[]): BuildOrder {
  const build: Build = service.build ?? { extensions: new Map() };
  const { buildArgs, ssh, onePlatform, noCache, pull, provenance, sbom, version, ...others } = options;
  const given = [...(build.args ?? []), ...(buildArgs ?? [])].map(
    ([name, value]) => [name, value ?? model.environment.get(name)] as const,
  );
  const additional = [...(build.additional_contexts ?? [])];
  const bases = additional.flatMap(([name, place]): [string, BuildOrder][] => {
    const base = serviceOf(model, place);
    return base === undefined ? [] : [[name, orderOf(model, base, options, [])]];
  });
  const platform = platformOf(model, service);
  const own = platform === undefined ? [] : [platform];
  const entitlements = [...(build.entitlements ?? []), ...(build.privileged === true ? ["security.insecure"] : [])];
  return present<BuildOrder>({
    ...others,
    name: service.name,
    tags: [...new Set([...(build.tags ?? []), imageReference(model, service)])],
    ...filesOf(build, model),
    args: Object.fromEntries(given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    labels: {
      ...Object.fromEntries(build.labels ?? []),
      [labels.project]: model.name,
      [labels.service]: service.name,
      [labels.version]: version,
    },
    target: build.target,
    platforms: listOf(onePlatform === true || build.platforms === undefined ? own : build.platforms),
    platform,
    noCache: build.no_cache === true || noCache === true ? true : undefined,
    noCacheFilter: listOf(build.no_cache_filter),
    pull: build.pull === true || pull === true ? true : undefined,
    cacheFrom: listOf(build.cache_from),
    cacheTo: listOf(build.cache_to),
    network: build.network,
    isolation: build.isolation,
    shmSize: build.shm_size,
    ulimits: listOf([...(build.ulimits ?? [])].map(([name, { soft, hard }]) => ({ name, soft, hard }))),
    extraHosts: recordOf(build.extra_hosts),
    secrets: listOf(secretsOf(model, service, findings)),
    ssh: recordOf(new Map([...(build.ssh ?? []), ...(ssh ?? [])])),
    contexts: recordOf(new Map(additional.filter(([, place]) => serviceOf(model, place) === undefined))),
    built: recordOf(new Map(bases)),
    entitlements: listOf([...new Set(entitlements)]),
    provenance: build.provenance ?? provenance,
    sbom: build.sbom ?? sbom,
  });
}

/** The service whose image a context is: `service:base`. */
export function serviceOf(model: ProjectModel, context: string): Service | undefined {
  if (!context.startsWith("service:")) return undefined;
  const name = context.slice("service:".length);
  return model.services.get(name) ?? model.disabled_services.get(name);
}

function filesOf(build: Build, model: ProjectModel): Pick<BuildOrder, "context" | "dockerfile" | "dockerfileInline"> {
  const { context = model.working_dir, dockerfile = "Dockerfile", dockerfile_inline: dockerfileInline } = build;
  if (dockerfileInline !== undefined) return { context, dockerfileInline };
  return {
    context,
    dockerfile: isRemoteContext(context) || isAbsolute(dockerfile) ? dockerfile : join(context, dockerfile),
  };
}

function secretsOf(model: ProjectModel, service: Service, findings: BuildFinding[]): readonly BuildSecret[] {
  return (service.build?.secrets ?? []).flatMap(({ source, target }, index): BuildSecret[] => {
    const { file, environment, content, external } = model.secrets.get(source) ?? {};
    const refuse = (message: string) => {
      const path = ["build", "secrets", String(index)];
      findings.push({ severity: "error", code: "unsupported", message, path });
      return [];
    };
    if (external === true)
      return refuse(`secret "${source}" is external: a build takes secrets from files and variables`);
    if (environment !== undefined && content === undefined)
      refuse(`secret "${source}" needs the environment variable "${environment}", which is not set`);
    else if (file === undefined && content === undefined)
      return refuse(`secret "${source}" has neither file, environment nor content`);
    // Within the build its place is the Dockerfile's affair: a target is what the Dockerfile calls it.
    return [present<BuildSecret>({ id: target ?? source, file, environment, content })];
  });
}
