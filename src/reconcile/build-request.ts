import type { Build, ProjectModel, Service } from "../compose/model.ts";
import type { Finding } from "./finding.ts";
import { labels } from "./labels.ts";
import { imageReference } from "./names.ts";
import type { BuildRequest } from "./plan.ts";
import { platformOf } from "./platform.ts";
import { listOf, present } from "./present.ts";

export interface BuildOptions {
  /** gantry's own version, for the labels. */
  readonly version: string;
  /** --build-arg: name → value; null: from the environment. */
  readonly buildArgs?: ReadonlyMap<string, string | null>;
  readonly noCache?: boolean;
  /** Look for newer base images. */
  readonly pull?: boolean;
  /** Bytes. */
  readonly memory?: number;
}

/** Attributes that only BuildKit knows: without them the image would be another one. */
const needsBuildKit = ["additional_contexts", "secrets", "ssh"] as const;
/** Attributes that only BuildKit knows: the image is the same without them. */
const withoutEffect = [
  "cache_to",
  "entitlements",
  "isolation",
  "no_cache_filter",
  "privileged",
  "provenance",
  "sbom",
] as const;

/** What the engine's `/build` is asked for a service, and what of its `build` it cannot do. */
export function buildRequest(
  model: ProjectModel,
  service: Service,
  options: BuildOptions,
): {
  readonly request: BuildRequest;
  readonly findings: readonly (Finding & { readonly path: readonly string[] })[];
} {
  const build: Build = service.build ?? { extensions: new Map() };
  const reference = imageReference(model, service);
  const given = [...(options.buildArgs ?? [])].flatMap(([name, value]): [string, string][] => {
    const resolved = value ?? model.environment.get(name);
    return resolved === undefined ? [] : [[name, resolved]];
  });
  const args = new Map<string, string | null>([...(build.args ?? []), ...given]);
  const platforms = build.platforms ?? [];
  const platform = service.platform ?? platforms[0] ?? platformOf(model, service);
  const request: BuildRequest = {
    service: service.name,
    context: build.context ?? model.working_dir,
    args: present<BuildRequest["args"]>({
      t: [reference, ...(build.tags ?? [])],
      buildargs: args.size === 0 ? undefined : Object.fromEntries(args),
      labels: {
        ...Object.fromEntries(build.labels ?? []),
        [labels.project]: model.name,
        [labels.service]: service.name,
        [labels.version]: options.version,
      },
      cachefrom: build.cache_from,
      nocache: build.no_cache === true || options.noCache === true ? true : undefined,
      pull: build.pull === true || options.pull === true ? true : undefined,
      rm: true,
      forcerm: true,
      memory: options.memory,
      shmsize: build.shm_size,
      networkmode: build.network,
      target: build.target,
      platform,
      extrahosts: listOf([...(build.extra_hosts ?? [])].flatMap(([host, ips]) => ips.map((ip) => `${host}:${ip}`))),
      ulimits: listOf([...(build.ulimits ?? [])].map(([Name, { soft, hard }]) => ({ Name, Soft: soft, Hard: hard }))),
    }),
    ...(build.dockerfile !== undefined && build.dockerfile_inline === undefined && { dockerfile: build.dockerfile }),
    ...(build.dockerfile_inline !== undefined && { dockerfileInline: build.dockerfile_inline }),
  };
  const findings: (Finding & { readonly path: readonly string[] })[] = [];
  const has = (attribute: keyof Build) => {
    const value = build[attribute];
    return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
  };
  for (const attribute of needsBuildKit) {
    if (!has(attribute)) continue;
    const message = `build.${attribute} of service "${service.name}" needs BuildKit, which gantry does not drive yet`;
    findings.push({ severity: "error", code: "unsupported", message, path: ["build", attribute] });
  }
  for (const attribute of withoutEffect) {
    if (!has(attribute)) continue;
    const message = `build.${attribute} of service "${service.name}" has no effect on the engine's own builder`;
    findings.push({ severity: "warning", code: "no-effect", message, path: ["build", attribute] });
  }
  if (platforms.length > 1) {
    const message = `service "${service.name}" is built for ${platform} only, not for ${platforms.length} platforms`;
    findings.push({ severity: "warning", code: "no-effect", message, path: ["build", "platforms"] });
  }
  return { request, findings };
}
