/** ADD from the network: files by HTTP, and git repositories. */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { packDirectory } from "../images/pack.ts";
import { overlayEntry } from "../images/to-overlay.ts";
import { badRequest, internal } from "../refusal.ts";
import type { Build } from "./build.ts";
import { complain } from "./dockerfile/complain.ts";
import type { Copy } from "./dockerfile/instruction.ts";
import { type GitSource, isGit, parseGit } from "./git-source.ts";
import { belowOf, type Selected } from "./select.ts";
import { receiveTree, type Tree, treeOfFile } from "./tree.ts";
import { asBytes } from "./view.ts";

export { isGit } from "./git-source.ts";

export const isUrl = (source: string): boolean => /^https?:\/\//.test(source) && !isGit(source);

const patience = 60_000;

/** EngineError 400 for a checksum that does not match, 500 where the other side does not give it. */
export async function fetchRemote(build: Build, instruction: Copy, source: string): Promise<readonly Selected[]> {
  if (isGit(source)) return [await addGit(build, instruction, parseGit(source))];
  const { checksum, span } = instruction;
  const url = new URL(source);
  const name = decodeURIComponent(url.pathname.split("/").at(-1) ?? "");
  if (name === "" && instruction.destination.endsWith("/"))
    throw complain(span, `ADD: cannot determine a file name from "${source}"`);
  const fetched = await download(url, build.temporary(), build.signal);
  if (checksum !== undefined && checksum !== fetched.digest) {
    throw complain(span, `ADD: ${source} has the checksum ${fetched.digest}, but ${checksum} was expected`);
  }
  const entry = overlayEntry(asBytes(name === "" ? "file" : name), {
    type: "file",
    mode: 0o600,
    size: fetched.size,
    mtime: fetched.mtime,
  });
  const tree = treeOfFile(entry, fetched.digest, fetched.file);
  build.atEnd(tree.close);
  const node = tree.nodes.get(entry.path);
  return [{ name: entry.path, node, isDirectory: false, below: [], tree, keepOwners: false }];
}

interface Download {
  readonly file: string;
  readonly digest: string;
  readonly size: number;
  /** Seconds of Unix time: the server's Last-Modified, else the beginning of time, so that the same file is the same. */
  readonly mtime: string;
}

export async function download(url: URL, file: string, signal: AbortSignal): Promise<Download> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(30 * patience)]);
  const response = await fetch(url, { signal: limit }).catch((error: unknown) => {
    if (signal.aborted) throw signal.reason;
    throw internal(`${url.origin}${url.pathname} cannot be fetched: ${reasonOf(error)}`, error);
  });
  if (!response.ok || response.body === null)
    throw internal(`${url.origin}${url.pathname} cannot be fetched: HTTP status ${response.status}`);
  const hash = createHash("sha256");
  let size = 0;
  await pipeline(
    Readable.fromWeb(response.body),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(file, { mode: 0o600 }),
    { signal: limit },
  );
  const modified = Date.parse(response.headers.get("last-modified") ?? "");
  return {
    file,
    size,
    digest: `sha256:${hash.digest("hex")}`,
    mtime: String(Number.isNaN(modified) ? 0 : Math.floor(modified / 1000)),
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function addGit(build: Build, { keepGitDir, checksum, span }: Copy, git: GitSource): Promise<Selected> {
  const { tree, commit } = await cloneTree(git, build.temporary(), build.temporary(), build.signal, keepGitDir);
  build.atEnd(tree.close);
  if (checksum !== undefined && !commit.startsWith(checksum)) {
    throw complain(span, `ADD: ${git.url} is at the commit ${commit}, but ${checksum} was expected`);
  }
  return { name: "", node: undefined, isDirectory: true, below: belowOf(tree), tree, keepOwners: false };
}

/** No program of the repository's runs, and nothing but the network's own protocols is spoken. */
const cautious = [
  ...[
    "protocol.allow=never",
    "protocol.https.allow=always",
    "protocol.http.allow=always",
    "protocol.ssh.allow=always",
    "protocol.git.allow=always",
  ],
  ...["core.hooksPath=/dev/null", "core.fsmonitor=false", "submodule.recurse=false", "credential.helper="],
].flatMap((setting) => ["-c", setting]);

/** A repository at a commit, as a tree. `work` and `file` are made. EngineError 400, 500. */
export async function cloneTree(
  { url, ref, subdirectory }: GitSource,
  work: string,
  file: string,
  signal: AbortSignal,
  keepGitDir = false,
): Promise<{ readonly tree: Tree; readonly commit: string }> {
  await mkdir(work, { recursive: true, mode: 0o700 });
  const git = async (...args: readonly string[]): Promise<string> => {
    try {
      const env = { PATH: process.env.PATH ?? "", HOME: work, GIT_TERMINAL_PROMPT: "0", GIT_CONFIG_NOSYSTEM: "1" };
      const { stdout } = await promisify(execFile)("git", [...cautious, "-C", work, ...args], {
        env,
        signal,
        timeout: 30 * patience,
      });
      return stdout.trim();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const said =
        error instanceof Error && "stderr" in error ? String(error.stderr).trim().split("\n").at(-1) : String(error);
      throw internal(`git cannot fetch ${url}: ${said}`, error);
    }
  };
  await git("init", "--quiet");
  await git("fetch", "--quiet", "--depth=1", "--end-of-options", url, ref ?? "HEAD");
  await git("checkout", "--quiet", "--detach", "FETCH_HEAD");
  const commit = await git("rev-parse", "HEAD");
  if (!keepGitDir) await rm(path.join(work, ".git"), { recursive: true });
  const tree = await receiveTree(packDirectory(work), file);
  if (subdirectory === undefined) return { tree, commit };
  const inside = tree.resolve(asBytes(subdirectory));
  if (inside === undefined || tree.nodes.get(inside)?.entry.type !== "directory")
    throw badRequest(`${url} has no directory "${subdirectory}"`);
  return { tree: tree.within(inside), commit };
}
