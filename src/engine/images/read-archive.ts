/**
 * The files of an image archive. Small ones are kept in memory, large ones become blobs of the store; none is ever written
 * under the name that the archive gives it.
 */

import { Readable } from "node:stream";
import type { Blobs, BlobWriter } from "./blobs.ts";
import { decompress } from "./decompress.ts";
import { readMembers } from "./tar/members.ts";

export interface ArchiveFile {
  readonly size: number;
  read(): AsyncIterable<Uint8Array>;
}

export interface Archive {
  /** By name as in the archive, without `./` before it; symbolic links between its files are followed. */
  file(name: string): ArchiveFile | undefined;
}

/** Documents are smaller, most layers larger. */
const smallFile = 1024 * 1024;
const mostFiles = 100_000;
/** For all small ones together; those beyond become blobs too. */
const mostMemory = 64 * 1024 * 1024;

/** Throws TarError for what is no archive. `brought` is told of the blobs, which are the caller's to remove when they are not needed. */
export async function readArchive(
  source: AsyncIterable<Uint8Array>,
  blobs: Blobs,
  brought: string[],
): Promise<Archive> {
  const files = new Map<string, ArchiveFile>();
  const links = new Map<string, string>();
  let name = "";
  let isFile = false;
  let chunks: Buffer[] = [];
  let small = true;
  let writer: BlobWriter | undefined;
  let memory = 0;
  try {
    for await (const piece of readMembers(decompress(source))) {
      if ("entry" in piece) {
        const { entry } = piece;
        if (files.size + links.size >= mostFiles) throw new Error(`the archive has more than ${mostFiles} files`);
        name = clean(entry.path);
        isFile = entry.type === "file";
        chunks = [];
        small = entry.size <= smallFile && memory + entry.size <= mostMemory;
        if (isFile && small) memory += entry.size;
        if (isFile && !small) writer = await blobs.receive();
        if (entry.type === "symlink") links.set(name, clean(resolve(name, entry.linkPath)));
        if (entry.type === "hardlink") links.set(name, clean(entry.linkPath));
      } else if ("content" in piece) {
        if (writer !== undefined) await writer.write(piece.content);
        else if (isFile) chunks.push(piece.content);
      } else if (writer !== undefined) {
        const size = writer.length;
        const digest = await writer.commit();
        writer = undefined;
        brought.push(digest);
        files.set(name, { size, read: () => blobs.read(digest) });
      } else if (isFile) {
        const content = Buffer.concat(chunks);
        files.set(name, { size: content.length, read: () => Readable.from([content]) });
      }
    }
  } finally {
    await writer?.abandon();
  }
  return {
    file: (wanted) => {
      let at = clean(wanted);
      for (let hops = 0; hops < 10 && links.has(at); hops++) at = links.get(at) ?? at;
      return files.get(at);
    },
  };
}

const resolve = (link: string, target: string) =>
  target.startsWith("/") ? target : `${link.slice(0, link.lastIndexOf("/") + 1)}${target}`;

function clean(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}
