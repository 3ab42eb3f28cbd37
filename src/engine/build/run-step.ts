/** RUN: a process on the stage's files; what it changes is a layer. */

import { randomBytes } from "node:crypto";
import { lstatSync, rmdirSync, unlinkSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Span } from "../../errors.ts";
import { fileIn } from "../images/place-file.ts";
import { canRun, formatPlatform, hostPlatform } from "../images/platform.ts";
import { badRequest } from "../refusal.ts";
import { addEnv, argumentsOf, resolveDirectory } from "./apply.ts";
import type { Build } from "./build.ts";
import type { StepContext, StepResult } from "./build-stage.ts";
import { cacheKey, describeStep } from "./describe-step.ts";
import { complain } from "./dockerfile/complain.ts";
import { parseHeredoc } from "./dockerfile/heredoc.ts";
import type { Command, Run } from "./dockerfile/instruction.ts";
import { findKeyedStep, findStep } from "./image-cache.ts";
import { openMounts } from "./open-mounts.ts";
import { readMount } from "./run-mount.ts";
import { declaredArguments, proxyArguments, runArguments } from "./variables.ts";
import { asBytes, type View } from "./view.ts";

/** A step's process ended with another code than 0. The message is docker's, whose clients pass the code on. */
export class StepFailure extends Error {
  override readonly name = "StepFailure";
  readonly argv: readonly string[];
  readonly code: number;
  /** Of its instruction. */
  readonly span: Span;
  constructor(argv: readonly string[], code: number, span: Span) {
    super(`The command '${argv.join(" ")}' returned a non-zero code: ${code}`);
    this.argv = argv;
    this.code = code;
    this.span = span;
  }
}

/** StepFailure; EngineError 400 for mounts that cannot be, and privileges that nobody allowed. */
export async function runStep(
  { build, planned, state, env, output }: StepContext,
  instruction: Run,
): Promise<StepResult> {
  const { images, cache, signal } = build;
  const { span, security } = instruction;
  const isInsecure = security === "insecure";
  if (isInsecure && !build.entitlements.has("security.insecure"))
    throw complain(span, "RUN --security=insecure is not allowed", "build with --allow security.insecure to allow it");
  if (!(await canRun(state.platform))) {
    const [wanted, here] = [state.platform, hostPlatform].map(formatPlatform);
    throw complain(
      span,
      `RUN needs a ${wanted} machine, and this one is ${here}`,
      "register an emulator: package qemu-user-static",
    );
  }
  const network = networkOf(build, instruction);
  const script = scriptOf(instruction);
  const program = script === undefined ? undefined : `/dev/pipes/${script.name}`;
  const argv = argumentsOf(program === undefined ? commandOf(instruction) : { shell: program }, state.config);
  const { User = "", WorkingDir = "/", Env } = state.config;
  const mounts = instruction.mounts
    .map((text) => readMount(text, span))
    .map(({ target, ...mount }) => ({
      ...mount,
      ...(target !== undefined && { target: resolveDirectory(WorkingDir, target) }),
    }));
  const args = runArguments(state.scope, env);
  const description = describeStep(instruction, { argv, args: declaredArguments(state.scope, env) });
  const opened = await openMounts(build, mounts, { own: planned.stage.index, span, tell: output.progress });
  try {
    const { ExtraHosts } = build.hostConfig;
    const key = cacheKey([
      "RUN",
      state.diffIds,
      argv,
      script?.content,
      Env,
      args,
      User,
      WorkingDir,
      network,
      isInsecure,
      ExtraHosts,
      opened.keys,
    ]);
    const known = build.noCache(planned)
      ? undefined
      : (cache.get(key) ??
        findKeyedStep(build.cacheFrom, key) ??
        findStep(build.cacheFrom, state.diffIds, description));
    if (known !== undefined) {
      output.cached();
      return { key, description, created: known.created, ...(known.diffId !== undefined && { diffId: known.diffId }) };
    }
    const id = randomBytes(32).toString("hex");
    const folder = build.temporary();
    const places = ["upper", "work", "init", "pipes"].map((name) => path.join(folder, name));
    const [upper = "", work = "", init = "", pipes = ""] = places;
    await Promise.all(places.map((place) => mkdir(place, { recursive: true, mode: 0o755 })));
    const { mounts: binds, env: added } = await opened.take();
    if (script !== undefined && program !== undefined) {
      await writeFile(path.join(pipes, "script"), script.content, { mode: 0o755 });
      binds.push({ type: "bind", source: path.join(pipes, "script"), target: program, readOnly: true });
    }
    await makePlaceholders(init);
    const lowers = images.layers.stack(state.diffIds);
    // The runtime would make them, each in its own way.
    for (const name of ["dev", "proc", "sys"]) {
      if (lowers.every((lower) => look(lower, name) === undefined))
        await mkdir(path.join(upper, name), { mode: 0o755 });
    }
    const view = binds.length === 0 ? undefined : await build.views.open(state.diffIds);
    const stubs =
      view === undefined
        ? []
        : missingTargets(
            view,
            binds.map(({ target }) => target),
          );
    output.started(id);
    const code = await build.runner.run(
      {
        id,
        lowers: [init, ...lowers],
        upper,
        work,
        config: {
          User,
          WorkingDir,
          Cmd: argv,
          Env: [
            ...addEnv(
              Env ?? [],
              [...proxyArguments(build.args), ...args].map(([key, value]) => ({ key, value })),
            ),
            ...added,
          ],
        },
        hostConfig: { ...build.hostConfig, NetworkMode: network, ...(isInsecure && { Privileged: true }) },
        mounts: binds,
        output: output.log,
      },
      signal,
    );
    signal.throwIfAborted();
    if (code !== 0) throw new StepFailure(argv, code, span);
    removeStubs(upper, stubs);
    const diffId = await images.layers.place(await images.layers.takeUpper(upper, lowers));
    build.keep(diffId);
    await rm(folder, { recursive: true, force: true });
    output.ended(id);
    const made = await cache.put(key, diffId, description, { replace: build.noCache(planned) });
    return { key, diffId: made.diffId ?? diffId, description, created: made.created };
  } finally {
    await opened.release();
  }
}

function networkOf({ hostConfig, entitlements }: Build, { network, span }: Run): string {
  const { NetworkMode: allowed = "" } = hostConfig;
  const given = allowed === "" ? "default" : allowed;
  if (!["default", "bridge", "none", "host"].includes(given)) {
    throw badRequest(`the network mode "${given}" is not supported for builds: expected default, none or host`);
  }
  if (network === undefined || network === "default") return given === "bridge" ? "default" : given;
  if (network === "host" && given !== "host" && !entitlements.has("network.host")) {
    throw complain(
      span,
      "RUN --network=host is not allowed",
      "build with --network host or --allow network.host to allow it",
    );
  }
  return network;
}

/** A here-document that begins with `#!` is a program of its own. */
function scriptOf({ command, heredocs }: Run): { readonly name: string; readonly content: string } | undefined {
  const [only] = heredocs;
  if (only === undefined || heredocs.length > 1 || !("shell" in command)) return undefined;
  const isAlone = parseHeredoc(command.shell, "\\") !== undefined;
  return isAlone && only.content.startsWith("#!") ? { name: only.name, content: only.content } : undefined;
}

/** A here-document alone is what the shell runs; with a command, the shell reads it as its own. */
function commandOf({ command, heredocs }: Run): Command {
  const [only] = heredocs;
  if (!("shell" in command) || only === undefined) return command;
  if (parseHeredoc(command.shell, "\\") !== undefined) return { shell: only.content };
  return { shell: command.shell + heredocs.map(({ name, content }) => `\n${content}${name}`).join("") };
}

/** The files that the runtime mounts upon lie below the stage's own, so that the step's layer has none of them. */
async function makePlaceholders(init: string): Promise<void> {
  await mkdir(path.join(init, "etc"));
  for (const file of ["etc/hosts", "etc/resolv.conf"]) await writeFile(path.join(init, file), "");
}

/** For mounts whose target was not there, what will have been made: the outermost last. Canonical paths. */
function missingTargets(view: View, targets: readonly string[]): readonly string[] {
  const missing = new Set<string>();
  for (const target of targets) {
    const parts = view.resolve(asBytes(target)).split("/");
    for (let length = parts.length; length > 0; length--) {
      const here = parts.slice(0, length).join("/");
      if (view.look(here) === undefined) missing.add(here);
    }
  }
  return [...missing].toSorted((a, b) => b.length - a.length);
}

/** Takes away what only was there to be mounted upon: empty, and reached through no link. The process is gone by now. */
function removeStubs(upper: string, stubs: readonly string[]): void {
  for (const stub of stubs) {
    const parts = stub.split("/");
    const isReal = parts
      .slice(0, -1)
      .every((_, i) => look(upper, parts.slice(0, i + 1).join("/"))?.isDirectory() === true);
    const found = isReal ? look(upper, stub) : undefined;
    try {
      if (found?.isDirectory() === true) rmdirSync(fileIn(upper, stub));
      else if (found?.isFile() === true && found.size === 0) unlinkSync(fileIn(upper, stub));
    } catch {
      // The step has put something there: that stays.
    }
  }
}

const look = (upper: string, name: string) => lstatSync(fileIn(upper, name), { throwIfNoEntry: false });
