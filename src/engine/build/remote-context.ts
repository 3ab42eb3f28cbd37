/** Build contexts that the client names instead of sending: a git repository, a Dockerfile or an archive by HTTP. */

import { createReadStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { digestOf } from "../digest.ts";
import { compressionOf, decompress, peek } from "../images/decompress.ts";
import { overlayEntry } from "../images/to-overlay.ts";
import { badRequest } from "../refusal.ts";
import { isGit, parseGit } from "./git-source.ts";
import { cloneTree, download } from "./remote.ts";
import { receiveTree, type Tree, treeOfFile } from "./tree.ts";
import { asBytes } from "./view.ts";

/** EngineError 400 for what is neither; 500 where it cannot be fetched. */
export async function openRemoteContext(
  remote: string,
  dockerfile: string,
  folder: string,
  signal: AbortSignal,
): Promise<Tree> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, "context");
  if (isGit(remote)) return (await cloneTree(parseGit(remote), path.join(folder, "git"), file, signal)).tree;
  if (!/^https?:\/\//.test(remote))
    throw badRequest(`"${remote}" is no build context: expected a git repository or a URL`);
  const fetched = await download(new URL(remote), path.join(folder, "download"), signal);
  const { start, whole } = await peek(createReadStream(fetched.file));
  if (isArchive(start)) return receiveTree(decompress(whole), file);
  for await (const _ of whole) break;
  return treeOfFile(fileEntry(dockerfile, fetched.size, fetched.mtime), fetched.digest, fetched.file);
}

/** What a client sends by itself: an archive, or a Dockerfile. `file` is made. */
export async function treeOfStream(chunks: AsyncIterable<Uint8Array>, dockerfile: string, file: string): Promise<Tree> {
  const { start, whole } = await peek(chunks);
  if (isArchive(start)) return receiveTree(decompress(whole), file);
  const bytes = Buffer.concat(await Array.fromAsync(whole));
  await writeFile(file, bytes, { mode: 0o600 });
  return treeOfFile(fileEntry(dockerfile, bytes.length, "0"), digestOf(bytes), file);
}

const isArchive = (start: Buffer) => compressionOf(start) !== "none" || start.toString("latin1", 257, 262) === "ustar";

const fileEntry = (name: string, size: number, mtime: string) =>
  overlayEntry(asBytes(name), { type: "file", mode: 0o644, size, mtime });
