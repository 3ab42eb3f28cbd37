/** What a copy is other than the one before: where that is little, its layer need not hold all of it once more. Pure. */

import type { TarEntry } from "../images/tar/entry.ts";
import type { Placed, Placement } from "./place.ts";

/** What a layer holds, without the contents. */
export interface Listing {
  /** By path, as in the layer. */
  readonly members: ReadonlyMap<string, Member>;
}

interface Member {
  readonly entry: TarEntry;
  readonly digest: string;
}

export function listingOf(placed: Placement): Listing {
  const members = new Map<string, Member>();
  for (const { entry, node } of placed) members.set(entry.path, { entry, digest: node?.digest ?? "" });
  return { members };
}

/** Below it, all of a layer is made as quickly. */
const fewMembers = 200;

/**
 * What has to lie upon a layer so that both show what is placed: members that are new or other, and the directories that they
 * lie in. Undefined where that cannot be, or is no gain: something is gone, or has become a directory or ceased to be one,
 * or too much of it is other.
 */
export function changesSince(before: Listing, placed: Placement): readonly Placed[] | undefined {
  if (placed.size < fewMembers) return undefined;
  const changed = new Set<string>();
  let kept = 0;
  for (const one of placed) {
    const { path } = one.entry;
    const member = before.members.get(path);
    // A directory's path ends with a slash: of the other kind, it would have another name.
    if (member === undefined && before.members.has(path.endsWith("/") ? path.slice(0, -1) : `${path}/`))
      return undefined;
    if (member !== undefined) kept++;
    if (member !== undefined && isSame(member, one)) continue;
    changed.add(path);
    for (let end = path.lastIndexOf("/", path.length - 2); end > 0; end = path.lastIndexOf("/", end - 1))
      changed.add(path.slice(0, end + 1));
  }
  if (kept < before.members.size || changed.size > placed.size / 4) return undefined;
  return [...placed].filter(({ entry }) => changed.has(entry.path));
}

function isSame({ entry: a, digest }: Member, { entry: b, node }: Placed): boolean {
  return (
    digest === (node?.digest ?? "") &&
    a.type === b.type &&
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.size === b.size &&
    a.mtime === b.mtime &&
    a.linkPath === b.linkPath &&
    a.major === b.major &&
    a.minor === b.minor &&
    a.xattrs.size === b.xattrs.size &&
    [...a.xattrs].every(([name, value]) => b.xattrs.get(name) === value)
  );
}
