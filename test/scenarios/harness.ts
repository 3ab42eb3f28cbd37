/** What scenarios need: a folder with a project, gantry as a user runs it, and the engine's own view of the outcome. */

import { randomBytes } from "node:crypto";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { beforeAll, describe, it } from "vitest";
import { parseAddress } from "../../src/engine/address.ts";
import type { ContainerSummary } from "../../src/engine/api.ts";
import { packFiles } from "../../src/engine/build-context.ts";
import { connect, type EngineClient } from "../../src/engine/client.ts";
import { EngineError } from "../../src/errors.ts";
import { engineUrls, missing } from "../engine/engines.ts";

const root = path.dirname(path.dirname(import.meta.dirname));
export const executable = path.join(root, "bin/gantry");

/** The image of all scenarios: busybox and the applets that they call. */
export const image = "gantry-scenario/busybox:1";
/** A command that runs until it is told to end, and then ends at once. */
export const idle = `["sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 1000 & wait $$!; done"]`;

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project in a folder of its own, on one engine. */
export interface Stack {
  readonly url: string;
  readonly engine: EngineClient;
  readonly project: string;
  readonly folder: string;
  /** Writes files below the folder, path → content. */
  readonly write: (files: Readonly<Record<string, string>>) => void;
  /** Runs gantry to its end. */
  readonly gantry: (...args: readonly string[]) => Promise<Ran>;
  /** Starts gantry and leaves it running. */
  readonly start: (
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
    /** A program and its arguments, which runs gantry. */
    through?: readonly string[],
  ) => ReturnType<typeof spawnGantry>;
  /** The project's containers, stopped ones too, by name without the project's. */
  readonly containers: () => Promise<ReadonlyMap<string, ContainerSummary>>;
  /** Resolves with the first answer that is not undefined; asks again at every event of the project's containers. */
  readonly eventually: <T>(ask: () => Promise<T | undefined>) => Promise<T>;
}

/** Defines scenarios once for each engine under test. */
export function onEveryEngine(title: string, define: (scenario: Scenario) => void): void {
  for (const url of engineUrls) {
    describe(`${title}, on ${url}`, async () => {
      const reason = await missing(url);
      if (reason !== undefined) {
        it.skip(`left out: ${reason}`, () => {});
        return;
      }
      beforeAll(() => makeScenarioImage(url));
      define((sentence, files, body) => {
        it(sentence, () => withStack(url, files, body));
      });
    });
  }
}

/** One scenario: a sentence, the project's files, and what happens. */
export type Scenario = (
  sentence: string,
  files: Readonly<Record<string, string>>,
  body: (stack: Stack) => Promise<void>,
) => void;

/** Runs a body with a project of its own, and takes away whatever is left of it. */
export async function withStack<T>(
  url: string,
  files: Readonly<Record<string, string>>,
  body: (stack: Stack) => Promise<T>,
): Promise<T> {
  const stack = openStack(url, files);
  try {
    return await body(stack);
  } finally {
    await removeStack(stack);
  }
}

async function makeScenarioImage(url: string): Promise<void> {
  const engine = connect(parseAddress(url));
  const busybox = await readFile("/bin/busybox");
  const applets = [
    "busybox",
    "sh",
    "sleep",
    "cat",
    "true",
    "false",
    "test",
    "touch",
    "echo",
    "id",
    "ls",
    "stat",
    "seq",
  ];
  const stream = packFiles(
    applets.map((name) => ({ path: `/bin/${name}`, content: busybox, uid: 0, gid: 0, mode: 0o755 })),
  );
  const [repo = "", tag = ""] = image.split(":");
  const isThere = await engine.imageInspect({ name: image }).catch(() => undefined);
  if (isThere === undefined) for await (const _ of await engine.imageImport({ fromSrc: "-", repo, tag, stream }));
  engine.close();
}

function spawnGantry(
  args: readonly string[],
  { cwd, env, through }: { cwd: string; env: Readonly<Record<string, string>>; through: readonly string[] },
) {
  const [program = process.execPath, ...rest] = [...through, process.execPath, executable, ...args];
  return execa(program, rest, {
    cwd,
    reject: false,
    stdin: "ignore",
    extendEnv: false,
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "/root", ...env },
  });
}

function openStack(url: string, files: Readonly<Record<string, string>>): Stack {
  const project = `gs${randomBytes(4).toString("hex")}`;
  const folder = mkdtempSync(path.join(os.tmpdir(), `${project}-`));
  const engine = connect(parseAddress(url));
  const write = (more: Readonly<Record<string, string>>) => {
    for (const [name, content] of Object.entries(more)) {
      const file = path.join(folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
  };
  write(files);
  const start: Stack["start"] = (args, env = {}, through = []) =>
    spawnGantry(args, { cwd: folder, env: { DOCKER_HOST: url, COMPOSE_PROJECT_NAME: project, ...env }, through });
  const containers = async () => {
    const list = await engine.containerList({
      all: true,
      filters: { label: [`com.docker.compose.project=${project}`] },
    });
    const named = list.map((summary) => [nameOf(summary).replace(`${project}-`, ""), summary] as const);
    return new Map(named.sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  return {
    url,
    engine,
    project,
    folder,
    write,
    start,
    containers,
    gantry: async (...args) => {
      const { exitCode, stdout, stderr } = await start(args);
      return { exitCode: exitCode ?? -1, stdout, stderr };
    },
    eventually: (ask) => eventually(engine, project, ask),
  };
}

async function eventually<T>(engine: EngineClient, project: string, ask: () => Promise<T | undefined>): Promise<T> {
  const signal = AbortSignal.timeout(30_000);
  const filters = { type: ["container"], label: [`com.docker.compose.project=${project}`] };
  // From a little earlier on: an engine may answer before it has subscribed.
  const since = String(Math.floor(Date.now() / 1000) - 10);
  const events = await engine.events({ filters, since }, { signal });
  const first = await ask();
  if (first !== undefined) return first;
  for await (const _ of events) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
  throw new Error("the engine closed its events before the answer came");
}

/** Resolves when all the words were on the screen. */
export async function seen(child: ReturnType<Stack["start"]>, ...words: readonly string[]): Promise<void> {
  let text = "";
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        text += String(data);
        if (words.every((word) => text.includes(word))) resolve();
      });
    }
    child.then(() => reject(new Error(`gantry ended without having said ${words.join(", ")}:\n${text}`)));
  });
}

/** Resolves when a container has ended. Its inspect tells: the engine's list may be behind the engine's events. */
export async function ended({ engine, containers, eventually }: Stack, name: string): Promise<void> {
  const id = (await containers()).get(name)?.Id ?? "";
  await eventually(async () => {
    const { State } = await engine.containerInspect({ id });
    return State.Status === "exited" ? true : undefined;
  });
}

async function removeStack({ engine, project, folder }: Stack): Promise<void> {
  const filters = { label: [`com.docker.compose.project=${project}`] };
  const containers = await engine.containerList({ all: true, filters });
  await Promise.all(containers.map(({ Id: id }) => unlessGone(engine.containerRemove({ id, force: true, v: true }))));
  for (const { Id: id } of await engine.networkList({ filters })) await unlessGone(engine.networkRemove({ id }));
  for (const { Name: name } of (await engine.volumeList({ filters })).Volumes ?? []) {
    await unlessGone(engine.volumeRemove({ name, force: true }));
  }
  for (const { Id: name } of await engine.imageList({ filters })) {
    await unlessGone(engine.imageRemove({ name, force: true }));
  }
  engine.close();
  rmSync(folder, { recursive: true, force: true });
}

async function unlessGone(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    const isGone = error instanceof EngineError && (error.status === 404 || /in progress/.test(error.message));
    if (!isGone) throw error;
  });
}

/** Whether a process of this machine has this word among its arguments. */
export const runs = (word: string): boolean =>
  globSync("/proc/[0-9]*/cmdline").some((file) => {
    try {
      return readFileSync(file, "utf8").split("\0").includes(word);
    } catch {
      return false;
    }
  });

/** The container's name without the API's slash. */
export function nameOf({ Names }: ContainerSummary): string {
  return (Names[0] ?? "").slice(1);
}

/** Name → id, to see what was made anew. */
export function idsOf(containers: ReadonlyMap<string, ContainerSummary>): Record<string, string> {
  return Object.fromEntries([...containers].map(([name, { Id }]) => [name, Id]));
}

/** Name → state, to see what runs. */
export function statesOf(containers: ReadonlyMap<string, ContainerSummary>): Record<string, string> {
  return Object.fromEntries([...containers].map(([name, { State }]) => [name, State]));
}
