import { chmod, lchown, link, lstat, mkdir, open, readlink, rm, symlink, utimes } from "node:fs/promises";
import path from "node:path";
import type { Headers } from "tar-stream";
import { GantryError } from "../errors.ts";
import type { CopyPlace } from "./copy-place.ts";

export interface UnpackOptions extends CopyPlace {
  /** The archive has the contents of a directory, without a folder around them: the source was `dir/.`. */
  readonly contents: boolean;
  /** Keep the owners: only root may. */
  readonly owners: boolean;
  /** Told of what cannot be made here: devices. */
  readonly warn: (text: string) => void;
}

interface Unpacking extends UnpackOptions {
  /** Directories below `directory` that are known to be directories, and no links. */
  readonly safe: Set<string>;
  /** Modes and times of directories, set when all is in them. */
  readonly later: { readonly file: string; readonly header: Headers }[];
}

/**
 * Unpacks what a container gave, its top under the name of the place. Nothing is written through a symbolic link, one of
 * the archive's or one that was there: what comes from a container is not trusted. Throws GantryError for names that lead
 * out of the place, and for what cannot be written.
 */
export async function unpackCopy(tar: AsyncIterable<Uint8Array>, options: UnpackOptions): Promise<void> {
  const { extract: newExtract } = await import("tar-stream");
  const extract = newExtract();
  const unpacking: Unpacking = { ...options, safe: new Set([""]), later: [] };
  const feed = (async () => {
    for await (const chunk of tar) {
      if (!extract.write(chunk)) await new Promise<void>((resolve) => extract.once("drain", () => resolve()));
    }
    extract.end();
  })();
  feed.catch((error: unknown) => extract.destroy(error instanceof Error ? error : new Error(String(error))));
  for await (const entry of extract) {
    const parts = inPlace(entry.header.name, options);
    await unpackEntry(parts, entry, unpacking);
    entry.resume();
  }
  await feed;
  for (const { file, header } of unpacking.later.toReversed()) await setAttributes(file, header, options.owners);
}

/** The entry's path below the place: its first part, where it has one, is the top of the tar, which has another name here. */
function inPlace(name: string, { name: top, contents }: UnpackOptions): readonly string[] {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new GantryError(`the archive has a path that leads out of it: ${name}`);
  // dockerd calls the contents of a directory `./a`, other engines `directory/a`.
  const own = contents && !/^\.(\/|$)/.test(name) ? parts.slice(1) : parts;
  return top === "." ? own : [top, ...own.slice(contents ? 0 : 1)];
}

async function unpackEntry(
  parts: readonly string[],
  entry: AsyncIterable<Uint8Array> & { readonly header: Headers },
  unpacking: Unpacking,
): Promise<void> {
  const { header } = entry;
  const file = path.join(unpacking.directory, ...parts);
  await makeSafe(parts.slice(0, -1), unpacking);
  switch (header.type) {
    case "directory":
      await makeSafe(parts, unpacking);
      if (parts.length > 0) unpacking.later.push({ file, header });
      return;
    case "file":
    case "contiguous-file": {
      await rm(file, { force: true });
      const handle = await open(file, "wx", 0o600);
      try {
        for await (const chunk of entry) await handle.write(chunk);
      } finally {
        await handle.close();
      }
      await setAttributes(file, header, unpacking.owners);
      return;
    }
    case "symlink":
      await rm(file, { force: true });
      await symlink(header.linkname ?? "", file);
      if (unpacking.owners) await lchown(file, header.uid ?? 0, header.gid ?? 0);
      return;
    case "link": {
      const linked = inPlace(header.linkname ?? "", unpacking);
      await makeSafe(linked.slice(0, -1), unpacking);
      await rm(file, { force: true });
      await link(path.join(unpacking.directory, ...linked), file);
      return;
    }
    default:
      unpacking.warn(`${parts.join("/")} is left out: it is a ${header.type}`);
  }
}

/** Makes the directories of a path, one after the other, and refuses to go through what is none. */
async function makeSafe(parts: readonly string[], { directory, safe }: Unpacking): Promise<void> {
  for (let depth = 1; depth <= parts.length; depth++) {
    const below = parts.slice(0, depth).join("/");
    if (safe.has(below)) continue;
    const full = path.join(directory, below);
    const there = await lstat(full).catch(() => undefined);
    if (there === undefined) await mkdir(full);
    else if (there.isSymbolicLink()) {
      throw new GantryError(`${full} is a symbolic link to ${await readlink(full)}: nothing is copied through it`);
    } else if (!there.isDirectory()) throw new GantryError(`${full} is in the way: it is no directory`);
    safe.add(below);
  }
}

async function setAttributes(file: string, { mode, mtime, uid, gid }: Headers, owners: boolean): Promise<void> {
  if (owners) await lchown(file, uid ?? 0, gid ?? 0);
  if (mode !== undefined) await chmod(file, mode & (owners ? 0o7777 : 0o777));
  if (mtime !== undefined) await utimes(file, mtime, mtime);
}
