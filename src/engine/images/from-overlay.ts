/**
 * A layer's tar from what overlayfs wrote: the reverse of toOverlay. In: a tar of an upper directory, members sorted, names
 * beginning with `./`. Out: the layer's tar in pieces, those that announce members told apart from their contents. Pure.
 */

import { paddingOf, type TarEntry } from "./tar/entry.ts";
import { encodeEntry, endOfArchive } from "./tar/header.ts";
import { readTar } from "./tar/read.ts";

export type PackStep =
  /** What announces members: kept, it makes the same tar again from the directory. */
  { readonly header: Buffer } | { readonly content: Buffer };

export interface PackTransform {
  write(chunk: Uint8Array): readonly PackStep[];
  /** The last steps, and the sum of the files' sizes. */
  end(): { readonly steps: readonly PackStep[]; readonly size: number };
}

/** `existsBelow`: whether a lower layer has a directory of that name; only then does it matter that ours hides it. */
export function fromOverlay(existsBelow: (path: string) => boolean): PackTransform {
  let steps: PackStep[] = [];
  let size = 0;
  let padding = 0;

  const reader = readTar({
    entry: (entry) => {
      padding = paddingOf(entry.size);
      size += entry.size;
      const path = withoutDot(entry.path);
      if (path === "") return;
      for (const made of layerEntries({ ...entry, path }, existsBelow)) steps.push({ header: encodeEntry(made) });
    },
    content: (piece) => steps.push({ content: piece }),
    close: () => {
      if (padding > 0) steps.push({ content: Buffer.alloc(padding) });
    },
  });

  return {
    write: (chunk) => {
      steps = [];
      reader.write(chunk);
      return steps;
    },
    end: () => {
      reader.end();
      return { steps: [{ header: endOfArchive }], size };
    },
  };
}

function layerEntries(entry: TarEntry, existsBelow: (path: string) => boolean): readonly TarEntry[] {
  const bare = entry.path.replace(/\/$/, "");
  const slash = bare.lastIndexOf("/") + 1;
  if (entry.type === "char" && entry.major === 0 && entry.minor === 0) {
    const path = `${bare.slice(0, slash)}.wh.${bare.slice(slash)}`;
    return [{ ...entry, path, type: "file", mode: 0o600, xattrs: new Map() }];
  }
  const kept = {
    ...entry,
    linkPath: entry.type === "hardlink" ? withoutDot(entry.linkPath) : entry.linkPath,
    xattrs: new Map([...entry.xattrs].filter(([name]) => name === "security.capability" || isOfUsers(name))),
  };
  const opaque = entry.type === "directory" && entry.xattrs.get("trusted.overlay.opaque") === "y" && existsBelow(bare);
  if (!opaque) return [kept];
  return [kept, { ...kept, path: `${bare}/.wh..wh..opq`, type: "file", mode: kept.mode & 0o777, xattrs: new Map() }];
}

const isOfUsers = (name: string) => name.startsWith("user.") && !name.startsWith("user.overlay.");

const withoutDot = (path: string) => path.replace(/^\.\//, "");
