/**
 * What BuildKit's clients ask of the Dockerfile frontend, as a build's request. Pure but for what the sources do later.
 * Source: moby/buildkit, frontend/dockerui/config.go and frontend/dockerfile/builder/build.go.
 */

import type { HostConfig } from "../../api.ts";
import { hostPlatform, parsePlatform } from "../../images/platform.ts";
import { badRequest } from "../../refusal.ts";
import type { BuildRequest, BuildSources, Entitlement } from "../request.ts";

export interface FrontendOptions {
  readonly options: ReadonlyMap<string, string>;
  readonly cacheImports: readonly { readonly type: string; readonly attributes: ReadonlyMap<string, string> }[];
  readonly entitlements: readonly string[];
  readonly sources: BuildSources;
}

/** EngineError 400 for what this engine's frontend does not have. */
export function readOptions({ options, cacheImports, entitlements, sources }: FrontendOptions): BuildRequest {
  const target = options.get("target");
  const platform = options.get("platform") ?? "";
  if (platform.includes(","))
    throw badRequest(`several platforms at once (${platform}) are not supported: build each of them by itself`);
  const noCache = options.get("no-cache");
  return {
    ...(target !== undefined && target !== "" && { target }),
    platform: platform === "" ? hostPlatform : parsePlatform(platform),
    args: withPrefix(options, "build-arg:"),
    noCache: noCache === undefined ? [] : noCache === "" ? "all" : noCache.split(","),
    pull: options.get("image-resolve-mode") === "pull",
    cacheFrom: cacheImports.flatMap(cacheReference),
    hostConfig: hostConfigOf(options),
    entitlements: new Set(entitlements.filter((one): one is Entitlement => known.has(one))),
    sources,
  };
}

function cacheReference({ type, attributes }: FrontendOptions["cacheImports"][number]): string | readonly string[] {
  if (type !== "registry" && type !== "")
    throw badRequest(`cache import from type=${type} is not supported: expected type=registry,ref=…`);
  return attributes.get("ref") ?? [];
}

const known: ReadonlySet<string> = new Set<Entitlement>(["network.host", "security.insecure"]);

export function withPrefix(options: ReadonlyMap<string, string>, prefix: string): ReadonlyMap<string, string> {
  return new Map(
    [...options].flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
    ),
  );
}

function hostConfigOf(options: ReadonlyMap<string, string>): HostConfig {
  // Gantry's own client asks for it; BuildKit has no such option.
  const memory = options.get("memory");
  const shm = options.get("shm-size");
  const hosts = options.get("add-hosts") ?? "";
  const ulimits = options.get("ulimit") ?? "";
  const network = options.get("force-network-mode") ?? "";
  return {
    // "sandbox" is BuildKit's word for docker's default.
    NetworkMode: network === "" || network === "sandbox" ? "default" : network,
    ...(hosts !== "" && { ExtraHosts: hosts.split(",").map((host) => host.replace("=", ":")) }),
    ...(memory !== undefined && { Memory: Number(memory) }),
    ...(shm !== undefined && shm !== "" && { ShmSize: Number(shm) }),
    ...(ulimits !== "" && { Ulimits: ulimits.split(",").map(readUlimit) }),
  };
}

function readUlimit(text: string): { Name: string; Soft: number; Hard: number } {
  const [, name = "", soft = "", hard = soft] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text) ?? [];
  if (name === "") throw badRequest(`"${text}" is no limit: expected name=soft:hard`);
  return { Name: name, Soft: Number(soft), Hard: Number(hard) };
}
