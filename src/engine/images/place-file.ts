/** Writes a regular file of a layer where it lies. */

import { constants } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { bytesOf, type TarEntry } from "./tar/entry.ts";

export interface PlacedFile {
  write(piece: Uint8Array): Promise<void>;
  /** Its content is complete: it gets its owner, mode and time. */
  end(): Promise<void>;
  /** It is not to be finished. No error where it is. */
  abandon(): Promise<void>;
}

/**
 * Creates it, with the directories that it lies in, which get what they are to have from whoever lists them.
 *
 * @param entry a file without attributes and holes, of a canonical path at which there is none yet, its time whole seconds
 */
export async function placeFile(directory: string, { path, mode, uid, gid, mtime }: TarEntry): Promise<PlacedFile> {
  const slash = path.lastIndexOf("/");
  if (slash !== -1) await mkdir(fileIn(directory, path.slice(0, slash)), { recursive: true });
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = await open(fileIn(directory, path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  const abandon = () => file.close().catch(() => {});
  return {
    // All of it, from where the last piece ended.
    write: (piece) => file.writeFile(piece),
    end: async () => {
      try {
        await file.chown(uid, gid);
        // Afterwards: a change of the owner takes setuid and setgid away.
        await file.chmod(mode & 0o7777);
        await file.utimes(Number(mtime), Number(mtime));
      } finally {
        await abandon();
      }
    },
    abandon,
  };
}

/** A canonical name as a path, byte by byte. */
export const fileIn = (directory: string, name: string) => Buffer.concat([Buffer.from(`${directory}/`), bytesOf(name)]);
