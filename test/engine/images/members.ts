/** Archives for tests, made member by member. */

import { paddingOf, type TarEntry } from "../../../src/engine/images/tar/entry.ts";
import { encodeEntry, endOfArchive } from "../../../src/engine/images/tar/header.ts";

export type Member = Partial<TarEntry> & { readonly path: string; readonly content?: string | Buffer };

/** What a member is where it does not say: a file of root's. */
export const plainMember: Omit<TarEntry, "path" | "size"> = {
  type: "file",
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: "1700000000",
  linkPath: "",
  major: 0,
  minor: 0,
  xattrs: new Map(),
};

/** The members, one after the other; no end. */
export function encodeMembers(members: readonly Member[]): Buffer {
  return Buffer.concat(
    members.flatMap(({ content = "", ...member }) => {
      const bytes = Buffer.from(content);
      return [
        encodeEntry({ ...plainMember, size: bytes.length, ...member }),
        bytes,
        Buffer.alloc(paddingOf(bytes.length)),
      ];
    }),
  );
}

export const encodeArchive = (members: readonly Member[]): Buffer =>
  Buffer.concat([encodeMembers(members), endOfArchive]);
