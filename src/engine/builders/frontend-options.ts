/**
 * An order as options of BuildKit's Dockerfile frontend. Pure.
 * Source: moby/buildkit, frontend/dockerui/config.go; docker/buildx, build/opt.go.
 */

import { BuildError, type BuildOrder, isRemoteContext } from "../build-order.ts";

export interface Frontend {
  /** gantry's own: it knows some options that BuildKit does not. */
  readonly isOwn: boolean;
  /** Whether it knows named contexts: those of dockerd 20.10 and before do not. */
  readonly hasContexts: boolean;
  /** The platform that the engine runs on. */
  readonly platform: string;
}

export interface FrontendRequest {
  readonly options: ReadonlyMap<string, string>;
  readonly cacheImports: readonly CacheEntry[];
  readonly cacheExports: readonly CacheEntry[];
  readonly entitlements: readonly string[];
}

export interface CacheEntry {
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** BuildError for what this way of building does not have. */
export function frontendRequest(order: BuildOrder, frontend: Frontend): FrontendRequest {
  refuseWhatIsMissing(order, frontend);
  const { dockerfile, context, target, noCache, noCacheFilter = [], pull, network, shmSize, ulimits = [] } = order;
  const isRemote = isRemoteContext(context);
  const hosts = Object.entries(order.extraHosts ?? {}).flatMap(([host, ips]) => ips.map((ip) => `${host}=${ip}`));
  const platform = platformFor(order, frontend);
  const options = new Map<string, string>();
  const set = (key: string, value: string | undefined) => value !== undefined && options.set(key, value);
  set("filename", filenameOf(order));
  if (isRemote) set("context", context);
  // What is not in the context comes from here all the same.
  if (isRemote && dockerfile === undefined) set("dockerfilekey", "dockerfile");
  if (order.check === true) set("requestid", "frontend.lint");
  set("target", target || undefined);
  set("platform", platform);
  for (const [name, value] of Object.entries(order.args)) set(`build-arg:${name}`, value);
  for (const [name, value] of Object.entries(order.labels)) set(`label:${name}`, value);
  if (noCache === true) set("no-cache", "");
  else if (noCacheFilter.length > 0) set("no-cache", noCacheFilter.join(","));
  if (pull === true) set("image-resolve-mode", "pull");
  if (hosts.length > 0) set("add-hosts", hosts.join(","));
  set("force-network-mode", network === "default" ? undefined : network);
  set("shm-size", shmSize === undefined ? undefined : String(shmSize));
  if (ulimits.length > 0) set("ulimit", ulimits.map(({ name, soft, hard }) => `${name}=${soft}:${hard}`).join(","));
  if (order.memory !== undefined) set("memory", String(order.memory));
  for (const [name, place] of Object.entries(order.contexts ?? {}))
    set(`context:${name}`, isNamedSource(place) ? place : `local:${localName(name)}`);
  for (const [name, { tags }] of Object.entries(order.built ?? {})) {
    set(`context:${name}`, `docker-image://${tags.at(-1)}`);
    if (pull === true) set(`local-image:${name}`, "");
  }
  const entitlements = [...(order.entitlements ?? []), ...(network === "host" ? ["network.host"] : [])];
  return {
    options,
    cacheImports: (order.cacheFrom ?? []).map(readCacheEntry),
    cacheExports: (order.cacheTo ?? []).map(readCacheEntry),
    entitlements: [...new Set(entitlements)],
  };
}

/** A context that is no directory of this machine. */
export const isNamedSource = (place: string): boolean => isRemoteContext(place) || /^[a-z-]+:\/\//.test(place);

/** What the session calls the directory of a named context. */
export const localName = (name: string): string => `context:${name}`;

/** Of a Dockerfile outside of the context only the name is told: the session knows its directory. */
export function filenameOf({ dockerfile, context }: BuildOrder): string {
  if (dockerfile === undefined) return "Dockerfile";
  return isRemoteContext(context) ? dockerfile : dockerfile.slice(dockerfile.lastIndexOf("/") + 1);
}

/** Which of the platforms is built: an engine's image is for one. */
export function platformFor({ platforms = [], platform }: BuildOrder, { platform: own }: Pick<Frontend, "platform">) {
  if (platforms.length <= 1) return platform ?? platforms[0];
  return platform ?? platforms.find((one) => one === own) ?? platforms[0];
}

function refuseWhatIsMissing(order: BuildOrder, { isOwn, hasContexts }: Frontend): void {
  const refuse = (attribute: string, message: string, hint: string) => {
    throw new BuildError(`build.${attribute} of "${order.name}": ${message}`, { attribute, hint });
  };
  const elsewhere = "build it with a builder of `docker buildx` that does: --builder NAME";
  const wants = (value: string | undefined) => value !== undefined && value !== "" && !/^(0|f|false)$/i.test(value);
  for (const attribute of ["provenance", "sbom"] as const) {
    if (wants(order[attribute])) refuse(attribute, "an image of this engine cannot have attestations", elsewhere);
  }
  if (order.isolation !== undefined && order.isolation !== "default")
    refuse("isolation", `"${order.isolation}" is an isolation of Windows`, "leave it out, or write default");
  for (const [name, place] of Object.entries(order.contexts ?? {})) {
    if (place.startsWith("oci-layout:"))
      refuse("additional_contexts", `"${name}" is an OCI layout, which needs a builder of its own`, elsewhere);
  }
  if (!hasContexts && (order.contexts ?? order.built) !== undefined)
    refuse("additional_contexts", "this engine's BuildKit is too old for it", "take dockerd 23 or newer");
  if (isOwn) return;
  if (order.check === true)
    throw new BuildError("--check: this engine is asked for it by docker's buildx, which is not installed", {
      hint: "install docker's buildx plug-in",
    });
  if (order.memory !== undefined)
    throw new BuildError("--memory: BuildKit has no limit for builds", {
      hint: "leave it out, or build without BuildKit: DOCKER_BUILDKIT=0",
    });
  if (order.pull === true && Object.keys(order.built ?? {}).length > 0)
    refuse(
      "additional_contexts",
      "with --pull this engine would look for the other service's image at a registry",
      elsewhere,
    );
}

/** `type=registry,ref=name`, or a reference alone. BuildError for what is neither. */
function readCacheEntry(text: string): CacheEntry {
  if (!text.includes("=")) return { type: "registry", attributes: new Map([["ref", text]]) };
  const pairs = text.split(",").map((part): [string, string] => {
    const equals = part.indexOf("=");
    return equals === -1 ? [part.trim(), ""] : [part.slice(0, equals).trim(), part.slice(equals + 1)];
  });
  const { type, ...attributes } = Object.fromEntries(pairs);
  if (type === undefined) throw new BuildError(`"${text}" is no place for a cache: expected type=…, or a reference`);
  return { type, attributes: new Map(Object.entries(attributes)) };
}
