/** Builds by `POST /build`, version 1: what every engine has, and all that podman and a dockerd without BuildKit do. */

import { EngineError } from "../../errors.ts";
import type { ByteSource, ImageBuildArgs, Progress } from "../api.ts";
import { packContext } from "../build-context.ts";
import { BuildError, type BuildOrder, isRemoteContext } from "../build-order.ts";
import { allCredentials } from "../credentials.ts";
import type { BuildMeans } from "./builder.ts";
import { platformFor } from "./frontend-options.ts";

/** BuildError, also for what this way of building does not have. */
export async function buildClassic(order: BuildOrder, platform: string, means: BuildMeans): Promise<void> {
  refuseWhatIsMissing(order);
  const { engine, environment, signal, warning } = means;
  for (const [attribute, value] of Object.entries(withoutEffect(order)))
    if (value) warning(`build.${attribute} of "${order.name}" has no effect without BuildKit`);
  const auths = await allCredentials(environment);
  const context = await contextOf(order);
  const output: string[] = [];
  try {
    const args = { ...classicArgs(order, platform), ...context, auths };
    const lines = await engine.imageBuild(args, signal === undefined ? {} : { signal });
    for await (const line of lines) {
      for (const text of (line.stream ?? "").split("\n")) if (text.trim() !== "") output.push(text.trimEnd());
      tellLine(line, means);
    }
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new BuildError(error.message, { output, cause: error });
  }
}

type ContextArgs = Pick<ImageBuildArgs, "dockerfile" | "remote"> & { readonly stream: ByteSource };

async function contextOf({ context, dockerfile, dockerfileInline }: BuildOrder): Promise<ContextArgs> {
  if (isRemoteContext(context))
    return { stream: new Uint8Array(), remote: context, ...(dockerfile !== undefined && { dockerfile }) };
  return packContext({
    context,
    ...(dockerfile !== undefined && { dockerfile }),
    ...(dockerfileInline !== undefined && { dockerfileInline }),
  });
}

/** Pure. */
export function classicArgs(order: BuildOrder, enginePlatform: string): Omit<ImageBuildArgs, "stream"> {
  const { args, noCache, pull, memory, shmSize, network, target, ulimits } = order;
  const platform = platformFor(order, { platform: enginePlatform });
  const hosts = Object.entries(order.extraHosts ?? {}).flatMap(([host, ips]) => ips.map((ip) => `${host}:${ip}`));
  return {
    t: order.tags,
    labels: order.labels,
    rm: true,
    forcerm: true,
    ...(Object.keys(args).length > 0 && { buildargs: args }),
    ...(order.cacheFrom !== undefined && { cachefrom: order.cacheFrom }),
    ...(noCache === true && { nocache: true }),
    ...(pull === true && { pull: true }),
    ...(memory !== undefined && { memory }),
    ...(shmSize !== undefined && { shmsize: shmSize }),
    ...(network !== undefined && { networkmode: network }),
    ...(target !== undefined && { target }),
    ...(platform !== undefined && { platform }),
    ...(hosts.length > 0 && { extrahosts: hosts }),
    ...(ulimits !== undefined && {
      ulimits: ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    }),
  };
}

/** Without these the image would be another one, or none. */
function refuseWhatIsMissing(order: BuildOrder): void {
  const hint = "build with an engine that has BuildKit, or install docker's buildx";
  if (order.check === true) throw new BuildError("--check needs BuildKit, which this engine does not have", { hint });
  const needed = {
    additional_contexts: order.contexts ?? order.built,
    secrets: order.secrets,
    ssh: order.ssh,
    entitlements: order.entitlements,
  };
  for (const [attribute, value] of Object.entries(needed)) {
    if (value === undefined) continue;
    const message = `build.${attribute} of "${order.name}" needs BuildKit, which this engine does not have`;
    throw new BuildError(message, { attribute, hint });
  }
}

/** The image is the same without them. */
const withoutEffect = (order: BuildOrder) => ({
  cache_to: order.cacheTo,
  no_cache_filter: order.noCacheFilter,
  provenance: order.provenance,
  sbom: order.sbom,
});

function tellLine({ stream, status, id, progressDetail }: Progress, { progress }: BuildMeans): void {
  const text = (stream ?? status ?? "").trim();
  if (text === "") return;
  const { current, total } = progressDetail ?? {};
  progress({
    text,
    ...(id !== undefined && { id }),
    ...(current !== undefined && { current }),
    ...(total !== undefined && { total }),
  });
}
