/** Builds an image, in the best way that the engine and this machine have. */

import { compareApi, oldestApi } from "../api-version.ts";
import { BuildError, type BuildOrder } from "../build-order.ts";
import type { EngineClient } from "../client.ts";
import { credentialsFor } from "../credentials.ts";
import type { Environment } from "../docker-config.ts";
import { buildByBake, hasBuildx } from "./build-by-bake.ts";
import { buildBySession } from "./build-by-session.ts";
import { buildClassic } from "./build-classic.ts";
import type { BuildMeans } from "./builder.ts";
import { type Frontend, platformFor } from "./frontend-options.ts";

/**
 * Gantry's own engine builds by BuildKit's protocol, spoken from here. So does an engine with BuildKit where docker's buildx
 * is not installed; where it is, it has the say, for it knows which builder the user has chosen. Any other engine gets `/build`.
 * DOCKER_BUILDKIT=0 asks for that on any engine. BuildError; the signal's reason.
 */
export async function buildImage(order: BuildOrder, means: BuildMeans): Promise<void> {
  const { kind, frontend } = await wayOf(order, means);
  if (kind === "bake") return buildByBake(order, means);
  const { platforms = [], name } = order;
  if (platforms.length > 1) {
    const one = platformFor(order, frontend);
    means.warning(
      `"${name}" is built for ${one} only: an image of this engine is for one platform, not for ${platforms.length}`,
    );
  }
  if (kind === "session") await buildBySession(order, frontend, means);
  else await buildClassic(order, frontend.platform, means);
  if (order.push === true) await push(order, means);
}

interface Way {
  readonly kind: "bake" | "session" | "classic";
  readonly frontend: Frontend;
}

/** Asked of each engine once, also when many builds begin together. */
const ways = new WeakMap<EngineClient, Promise<Way>>();

async function wayOf({ builder }: BuildOrder, { engine, environment }: BuildMeans): Promise<Way> {
  const known = ways.get(engine) ?? findWay(engine, environment);
  ways.set(engine, known);
  known.catch(() => ways.delete(engine));
  const way = await known;
  if (builder === undefined) return way;
  if (!(await hasBuildx(environment))) {
    throw new BuildError(`--builder ${builder}: that is a builder of docker's buildx, which is not installed`, {
      hint: "install docker's buildx plug-in, or leave --builder out",
    });
  }
  return { ...way, kind: "bake" };
}

async function findWay(engine: EngineClient, environment: Environment): Promise<Way> {
  const version = await engine.version();
  const isOwn = version.Platform?.Name === "Gantry Engine";
  const hasContexts = isOwn || compareApi(version.ApiVersion ?? oldestApi, "1.42") >= 0;
  const way = { frontend: { isOwn, hasContexts, platform: `${version.Os}/${version.Arch}` } };
  if (/^(0|f|false)$/i.test(environment.get("DOCKER_BUILDKIT") ?? "")) return { ...way, kind: "classic" };
  if (isOwn) return { ...way, kind: "session" };
  if (await hasBuildx(environment)) return { ...way, kind: "bake" };
  return { ...way, kind: (await speaksBuildKit(engine)) ? "session" : "classic" };
}

async function speaksBuildKit(engine: EngineClient): Promise<boolean> {
  try {
    (await engine.tunnel("/grpc", {})).destroy();
    return true;
  } catch {
    return false;
  }
}

async function push({ tags }: BuildOrder, { engine, environment, signal, progress }: BuildMeans): Promise<void> {
  for (const reference of tags) {
    const [name = "", tag] = reference.split(/:(?=[^/:]+$)/);
    const auth = (await credentialsFor(reference, environment)) ?? {};
    const args = { name, ...(tag !== undefined && { tag }), auth };
    progress({ text: `pushing ${reference}` });
    for await (const { id, status = "", progressDetail: { current, total } = {} } of await engine.imagePush(
      args,
      signal === undefined ? {} : { signal },
    )) {
      if (id !== undefined && current !== undefined && total !== undefined)
        progress({ text: status, id, current, total });
    }
  }
}
