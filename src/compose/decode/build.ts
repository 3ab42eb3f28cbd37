import type { Build } from "../model.ts";
import { present } from "./present.ts";
import type { Reader } from "./reader.ts";
import { decodeFileReference, decodeUlimits } from "./service-parts.ts";

/** How an image is built. */
export function decodeBuild(r: Reader): Build {
  return present({
    context: r.text("context"),
    dockerfile: r.text("dockerfile"),
    dockerfile_inline: r.text("dockerfile_inline"),
    entitlements: r.texts("entitlements"),
    args: r.variables("args"),
    provenance: r.text("provenance"),
    sbom: r.text("sbom"),
    ssh: r.pairs("ssh"),
    labels: r.pairs("labels"),
    cache_from: r.texts("cache_from"),
    cache_to: r.texts("cache_to"),
    no_cache: r.flag("no_cache"),
    no_cache_filter: r.texts("no_cache_filter"),
    additional_contexts: r.pairs("additional_contexts"),
    pull: r.flag("pull"),
    extra_hosts: r.hosts("extra_hosts"),
    isolation: r.text("isolation"),
    network: r.text("network"),
    target: r.text("target"),
    secrets: r.list("secrets", decodeFileReference),
    shm_size: r.size("shm_size"),
    tags: r.texts("tags"),
    ulimits: decodeUlimits(r),
    platforms: r.texts("platforms"),
    privileged: r.flag("privileged"),
    extensions: r.extensions(),
  });
}
