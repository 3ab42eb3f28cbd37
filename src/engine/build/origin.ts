/** What `--from` and `from=` name, and FROM where it is no image of its own: named contexts, stages, images. */

import { GantryError } from "../../errors.ts";
import type { Progress } from "../api.ts";
import type { Platform } from "../daemon/rooms.ts";
import { familiarName, parseReference } from "../reference.ts";
import { emptyConfig } from "./apply.ts";
import type { Build, StageResult } from "./build.ts";
import { copyPieces } from "./copy-pieces.ts";
import { cacheKey } from "./describe-step.ts";
import type { Placed } from "./place.ts";
import { findStage } from "./plan-stages.ts";
import type { NamedContext } from "./request.ts";
import { checksumOf, select } from "./select.ts";
import type { Tree } from "./tree.ts";

export type Origin =
  | { readonly kind: "layers"; readonly stage: StageResult }
  | { readonly kind: "files"; readonly tree: Tree };

/** Contexts are named as they are, or by an image's name with or without what is implied in it. */
export function findContext(
  named: ReadonlyMap<string, NamedContext>,
  name: string,
): { readonly name: string; readonly context: NamedContext } | undefined {
  // What is a name at all may still be none of an image.
  const short = named.size > 0 && isReference(name) ? shortened(name) : name;
  for (const candidate of [name, name.toLowerCase(), short]) {
    const context = named.get(candidate);
    if (context !== undefined) return { name: candidate, context };
  }
  return undefined;
}

function shortened(name: string): string {
  const reference = parseReference(name);
  if (reference.digest !== undefined) return name;
  const tag = reference.tag === undefined || reference.tag === "latest" ? "" : `:${reference.tag}`;
  return `${familiarName(reference)}${tag}`;
}

function isReference(name: string): boolean {
  try {
    parseReference(name);
    return true;
  } catch (error) {
    if (error instanceof GantryError) return false;
    throw error;
  }
}

/** `own`: the number of the stage that asks. EngineError 404, 500 for an image that cannot be had. */
export async function originOf(
  build: Build,
  name: string,
  own: number,
  tell: (line: Progress) => void,
): Promise<Origin> {
  const found = findContext(build.sources.named, name);
  if (found?.context.kind === "files") return { kind: "files", tree: await build.files(found.name) };
  if (found !== undefined)
    return { kind: "layers", stage: await contextAsStage(build, found.name, build.platform, tell) };
  const index = findStage(name, build.dockerfile.stages);
  const stage = index !== undefined && index !== own ? build.stage(index) : build.image(name, build.platform, tell);
  return { kind: "layers", stage: await stage };
}

/** A named context to build upon: files become a layer upon nothing. */
export async function contextAsStage(
  build: Build,
  name: string,
  platform: Platform,
  tell: (line: Progress) => void,
): Promise<StageResult> {
  const context = build.sources.named.get(name);
  if (context?.kind === "stage") return context.stage;
  if (context?.kind === "image") return build.image(context.reference, platform, tell);
  const tree = await build.files(name);
  const all = select(tree, "/", { exclude: [], parents: false, keepOwners: false }) ?? [];
  const key = cacheKey(["CONTEXT", checksumOf(all)]);
  const diffId = build.cache.get(key)?.diffId ?? (await layerOf(build, tree));
  build.keep(diffId);
  await build.cache.put(key, diffId, `the build context "${name}"`);
  return { diffIds: [diffId], config: emptyConfig, history: [{ created_by: `CONTEXT ${name}` }], steps: [], platform };
}

async function layerOf({ images }: Build, tree: Tree): Promise<string> {
  return images.layers.place(await images.layers.stageMade(copyPieces(placedAsTheyAre(tree))));
}

/** All of a tree, where it lies there; root's. */
export function* placedAsTheyAre(tree: Tree): Generator<Placed, void, undefined> {
  for (const node of tree.nodes.below("")) {
    const { entry } = node;
    const path = entry.type === "directory" ? `${entry.path}/` : entry.path;
    yield { node, tree, entry: { ...entry, path, uid: 0, gid: 0 } };
  }
}
