/** COPY and ADD: what they name, as a layer. */

import { resolveDirectory } from "./apply.ts";
import type { StepContext, StepResult } from "./build-stage.ts";
import { copySources } from "./copy-sources.ts";
import { cacheKey, describeStep } from "./describe-step.ts";
import { complain } from "./dockerfile/complain.ts";
import type { Copy } from "./dockerfile/instruction.ts";
import { findKeyedStep, type ImageStep } from "./image-cache.ts";
import { type ChangeMode, parseMode } from "./mode.ts";
import { originOf } from "./origin.ts";
import { type Owner, parseOwner } from "./owner.ts";
import { place } from "./place.ts";
import { checksumOf } from "./select.ts";
import { asBytes, type View } from "./view.ts";

/** EngineError 400 for a missing source, an unknown owner, a bad mode or destination. */
export async function copyStep({ build, planned, state, output }: StepContext, instruction: Copy): Promise<StepResult> {
  const { from, chown, chmod, parents, exclude, destination, span, keyword } = instruction;
  const description = describeStep(instruction, {});
  const target = absolute(state.config.WorkingDir ?? "/", destination);
  // What the result depends on, beside the files themselves.
  const terms = [keyword, target, chown, chmod, parents, state.diffIds];
  const origin = from === undefined ? undefined : await originOf(build, from, planned.stage.index, output.progress);
  const quick =
    origin?.kind !== "layers"
      ? undefined
      : cacheKey([...terms, "from", origin.stage.diffIds, instruction.sources, exclude, instruction.heredocs]);
  const reuse = (key: string | undefined) =>
    key === undefined || build.noCache(planned) ? undefined : build.cache.get(key);
  const cached = (known: ImageStep, key: string | undefined): StepResult => {
    output.cached();
    return {
      ...(key !== undefined && { key }),
      description,
      created: known.created,
      ...(known.diffId !== undefined && { diffId: known.diffId }),
    };
  };
  const before = reuse(quick);
  if (before !== undefined) return cached(before, quick);

  const selected = await copySources(build, instruction, origin);
  const key = cacheKey([...terms, checksumOf(selected)]);
  const known = reuse(key) ?? (build.noCache(planned) ? undefined : findKeyedStep(build.cacheFrom, key));
  if (known !== undefined) {
    if (quick !== undefined) await build.cache.put(quick, known.diffId, description);
    return cached(known, key);
  }
  // With --link too, as dockerd does: what it promises is that the layer could be put upon another base, not that it is.
  const view = await build.views.open(state.diffIds);
  const files = selected.filter(({ isDirectory }) => !isDirectory);
  // BuildKit lets the last one replace the others.
  if (files.length > 1 && !parents && !target.endsWith("/") && !isDirectory(view, target)) {
    throw complain(
      span,
      `When using ${keyword} with more than one source file, the destination must be a directory and end with a /`,
    );
  }
  const several = selected.length > 1 || parents;
  let placed: ReturnType<typeof place>;
  try {
    const owner = chown === undefined ? undefined : ownerOf(chown, view);
    const changeMode: ChangeMode | undefined = chmod === undefined ? undefined : parseMode(chmod);
    placed = place(selected, view, {
      destination: asBytes(target),
      several,
      now: String(Math.floor(Date.now() / 1000)),
      ...(owner !== undefined && { owner }),
      ...(changeMode !== undefined && { changeMode }),
      // A mode in letters says what to change, which is nothing where nothing is yet.
      ...(changeMode !== undefined && isNumber(chmod) && { newDirectoryMode: changeMode(0o755, true) }),
    });
  } catch (error) {
    if (error instanceof RangeError) throw complain(span, `${keyword}: ${error.message}`);
    throw error;
  }
  const step = cacheKey([description, target]);
  const diffId = await build.copies.layer(step, placed, build.keep);
  const how = { replace: build.noCache(planned) };
  const made = await build.cache.put(key, diffId, description, how);
  if (quick !== undefined) await build.cache.put(quick, made.diffId, description, how);
  return { key, diffId: made.diffId ?? diffId, description, created: made.created };
}

const isDirectory = (view: View, target: string) => view.look(view.resolve(asBytes(target)))?.isDirectory() === true;

const isNumber = (mode = "") => /^[0-7]+$/.test(mode);

function ownerOf(chown: string, view: View): Owner {
  return parseOwner(chown, view.text("etc/passwd"), view.text("etc/group"));
}

/** The destination as an absolute path; a slash at its end stays, for it says that it is a directory. */
function absolute(workdir: string, destination: string): string {
  const path = resolveDirectory(workdir, destination);
  const isDirectory = /(?:^|\/)\.{0,2}$/.test(destination);
  return isDirectory && path !== "/" ? `${path}/` : path;
}
