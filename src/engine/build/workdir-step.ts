/** WORKDIR makes its directory where it is missing. */

import { overlayEntry } from "../images/to-overlay.ts";
import type { StepContext, StepResult } from "./build-stage.ts";
import { copyPieces } from "./copy-pieces.ts";
import { cacheKey, describeStep } from "./describe-step.ts";
import { complain } from "./dockerfile/complain.ts";
import type { Text } from "./dockerfile/instruction.ts";
import { findKeyedStep } from "./image-cache.ts";
import { parseOwner } from "./owner.ts";
import { asListed, type Placed } from "./place.ts";
import { asBytes, asText } from "./view.ts";

/** Its value is absolute. EngineError 400 where a file is in its place. */
export async function workdirStep(
  { build, planned, state, output }: StepContext,
  instruction: Text,
): Promise<StepResult> {
  const { value: directory } = instruction;
  const description = describeStep(instruction, {});
  if (directory === "/") return { description };
  const user = state.config.User ?? "";
  const key = cacheKey(["WORKDIR", state.diffIds, directory, user]);
  const known = build.noCache(planned) ? undefined : (build.cache.get(key) ?? findKeyedStep(build.cacheFrom, key));
  if (known !== undefined) {
    output.cached();
    return { key, description, created: known.created, ...(known.diffId !== undefined && { diffId: known.diffId }) };
  }
  const view = await build.views.open(state.diffIds);
  const path = view.resolve(asBytes(directory));
  const there = path === "" ? undefined : view.look(path);
  if (there !== undefined && !there.isDirectory())
    throw complain(instruction.span, `WORKDIR: ${directory} is not a directory`);
  const missing = path !== "" && there === undefined;
  const owner = user === "" ? { uid: 0, gid: 0 } : parseOwner(user, view.text("etc/passwd"), view.text("etc/group"));
  const now = String(Math.floor(Date.now() / 1000));
  const parts = missing ? path.split("/") : [];
  const placed = parts.map((_, i): Placed => {
    const here = parts.slice(0, i + 1).join("/");
    const found = view.look(here);
    if (found !== undefined && !found.isDirectory())
      throw complain(
        instruction.span,
        `WORKDIR: ${directory} leads through /${asText(here)}, which is not a directory`,
      );
    const made = found === undefined ? { ...owner, mode: 0o755, mtime: now } : asListed(found);
    return { entry: overlayEntry(`${here}/`, made) };
  });
  // One that is there already makes a layer too, with nothing in it: so BuildKit has it.
  const diffId = await build.images.layers.place(await build.images.layers.stageMade(copyPieces(placed)));
  build.keep(diffId);
  const made = await build.cache.put(key, diffId, description, { replace: build.noCache(planned) });
  return { key, description, created: made.created, diffId: made.diffId ?? diffId };
}
