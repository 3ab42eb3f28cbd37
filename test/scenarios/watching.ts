/** A running `gantry watch` and its events, and trees of files to compare. */

import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { extract } from "tar-stream";
import { EngineError } from "../../src/errors.ts";
import type { WatchEvent } from "../../src/watch/event.ts";
import type { Stack } from "./harness.ts";

type Told<T extends WatchEvent["type"]> = Extract<WatchEvent, { type: T }>;

export interface Watching extends AsyncDisposable {
  /** The first event of a kind that was not asked for yet, as soon as it is there. */
  event<T extends WatchEvent["type"]>(type: T): Promise<Told<T>>;
  /** Resolves when the answer is true; asks at once and after every event. */
  until(ask: () => Promise<boolean>): Promise<void>;
  /** Everything so far. */
  readonly events: readonly WatchEvent[];
  /** Ctrl-C; resolves with the exit code. */
  stop(): Promise<number | undefined>;
}

/** Lines of `--json` that are not about what is watched. */
const others: ReadonlySet<string> = new Set(["step", "progress", "result", "error"]);

/** Starts `gantry watch --json`, by a program `through` where one is given, and resolves when it watches. */
export async function startWatching(
  stack: Stack,
  args: readonly string[] = ["watch", "--json"],
  env: Readonly<Record<string, string>> = {},
  through: readonly string[] = [],
): Promise<Watching> {
  const child = stack.start(args, env, through);
  const events: WatchEvent[] = [];
  const taken = new Set<WatchEvent>();
  let stderr = "";
  let isOver = false;
  let wake: () => void = () => {};
  let news = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const ring = () => {
    wake();
    news = new Promise((resolve) => {
      wake = resolve;
    });
  };
  child.stderr.on("data", (data) => {
    stderr += String(data);
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!line.startsWith("{")) return;
    const { gantry: _version, ...event } = JSON.parse(line);
    if (others.has(event.type)) return;
    events.push(event);
    ring();
  });
  void child.then(() => {
    isOver = true;
    ring();
  });
  const next = async (wanted: string) => {
    if (isOver)
      throw new Error(
        `gantry ended before ${wanted}:\n${stderr}\n${events.map((each) => JSON.stringify(each)).join("\n")}`,
      );
    await news;
  };
  const watching: Watching = {
    events,
    event: async (type) => {
      for (;;) {
        const isIt = (each: WatchEvent): each is Told<typeof type> => each.type === type && !taken.has(each);
        const found = events.find(isIt);
        if (found !== undefined) {
          taken.add(found);
          return found;
        }
        await next(type);
      }
    },
    until: async (ask) => {
      for (;;) {
        const seen = events.length;
        if (await ask()) return;
        if (events.length === seen) await next("what was to come");
      }
    },
    stop: async () => {
      child.kill("SIGINT");
      return (await child).exitCode;
    },
    [Symbol.asyncDispose]: async () => {
      await watching.stop();
    },
  };
  await watching.event("ready");
  return watching;
}

/** Path → what it is: `file 644 text`, `directory 755`, `symlink → there`. Directories end with a slash. */
export type Files = Readonly<Record<string, string>>;

/** What lies in a folder. */
export function filesIn(folder: string): Files {
  const found: [string, string][] = [];
  const visit = (directory: string) => {
    for (const name of readdirSync(directory)) {
      const file = path.join(directory, name);
      const stats = lstatSync(file);
      const at = path.relative(folder, file);
      const mode = (stats.mode & 0o7777).toString(8);
      if (stats.isDirectory()) {
        found.push([`${at}/`, `directory ${mode}`]);
        visit(file);
      } else if (stats.isSymbolicLink()) found.push([at, `symlink → ${readlinkSync(file)}`]);
      else found.push([at, `file ${mode} ${readFileSync(file, "utf8")}`]);
    }
  };
  visit(folder);
  return sorted(found);
}

/** What lies in a folder of a container; nothing where there is none. */
export async function filesInContainer({ engine }: Stack, id: string, folder: string): Promise<Files> {
  const found: [string, string][] = [];
  let archive: Awaited<ReturnType<typeof engine.containerArchiveGet>>;
  try {
    archive = await engine.containerArchiveGet({ id, path: folder });
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return {};
    throw error;
  }
  const tar = extract();
  Readable.from(archive.tar).pipe(tar);
  for await (const entry of tar) {
    const { name, type, mode = 0, linkname } = entry.header;
    const pieces: Buffer[] = [];
    for await (const piece of entry) pieces.push(piece);
    const at = name.split("/").slice(1).join("/");
    if (at === "") continue;
    const octal = (mode & 0o7777).toString(8);
    if (type === "directory") found.push([`${at.replace(/\/$/, "")}/`, `directory ${octal}`]);
    else if (type === "symlink") found.push([at, `symlink → ${linkname}`]);
    else found.push([at, `file ${octal} ${Buffer.concat(pieces).toString("utf8")}`]);
  }
  return sorted(found);
}

function sorted(found: readonly [string, string][]): Files {
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Resolves when a container's folder holds what the project's folder holds. */
export async function untilEqual(
  stack: Stack,
  watching: Watching,
  container: string,
  at: { from: string; to: string },
) {
  await watching.until(async () => {
    const id = (await stack.containers()).get(container)?.Id ?? "";
    const there = await filesInContainer(stack, id, at.to);
    return JSON.stringify(there) === JSON.stringify(filesIn(path.join(stack.folder, at.from)));
  });
}
