/** Build contexts that the client names instead of sending: a git repository, a Dockerfile or an archive by HTTP. */

import { createReadStream } from "node:fs";
import path from "node:path";
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
  const file = path.join(folder, "context");
  if (isGit(remote)) return (await cloneTree(parseGit(remote), path.join(folder, "git"), file, signal)).tree;
  if (!/^https?:\/\//.test(remote))
    throw badRequest(`"${remote}" is no build context: expected a git repository or a URL`);
  const fetched = await download(new URL(remote), path.join(folder, "download"), signal);
  const { start, whole } = await peek(createReadStream(fetched.file));
  const isArchive = compressionOf(start) !== "none" || start.toString("latin1", 257, 262) === "ustar";
  if (isArchive) return receiveTree(decompress(whole), file);
  for await (const _ of whole) break;
  const entry = overlayEntry(asBytes(dockerfile), {
    type: "file",
    mode: 0o644,
    size: fetched.size,
    mtime: fetched.mtime,
  });
  return treeOfFile(entry, fetched.digest, fetched.file);
}
