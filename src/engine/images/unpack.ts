/** Unpacks a layer's tar into a directory that overlayfs takes as a lower one. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import type { BigIntStats } from "node:fs";
import { lstat, rm } from "node:fs/promises";
import { fileIn, type PlacedFile, placeFile } from "./place-file.ts";
import { type TarEntry, TarError } from "./tar/entry.ts";
import { encodeEntry, endOfArchive } from "./tar/header.ts";
import { overlayEntry, toOverlay } from "./to-overlay.ts";

/**
 * `directory` is there, empty, and seen by nobody else until this resolves; its size is given back: the sum of the files'
 * sizes. The tar is GNU tar's to unpack: Node has neither mknod nor setxattr, and is slower with small files; large ones are
 * written here. What reaches either was made harmless by toOverlay: no name is of the layer's own choosing. Throws TarError
 * for a bad layer.
 */
export async function unpackLayer(
  tar: AsyncIterable<Uint8Array>,
  directory: string,
): Promise<{ readonly size: number }> {
  const transform = toOverlay();
  let unpacker = startUnpacker(directory);
  let file: PlacedFile | undefined;
  try {
    for await (const chunk of tar) {
      for (const step of transform.write(chunk)) {
        if ("data" in step) unpacker.write(step.data);
        else if ("file" in step) file = await placeFile(directory, step.file);
        else if ("content" in step) await file?.write(step.content);
        else if ("closed" in step) await file?.end();
        else {
          await unpacker.end();
          await rm(fileIn(directory, step.remove), { recursive: true, force: true });
          unpacker = startUnpacker(directory);
        }
      }
      await unpacker.flush();
    }
    const { whiteouts, opaques, size } = transform.end();
    if (whiteouts.length + opaques.length > 0) {
      await unpacker.end();
      unpacker = startUnpacker(directory);
      for (const entry of await hiding(directory, whiteouts, opaques)) unpacker.write(encodeEntry(entry));
    }
    await unpacker.end();
    return { size };
  } catch (error) {
    await Promise.all([file?.abandon(), unpacker.kill()]);
    throw error;
  }
}

interface Unpacker {
  write(data: Uint8Array): void;
  /** Resolves when it has taken what was written. */
  flush(): Promise<void>;
  /** Resolves when all is unpacked. */
  end(): Promise<void>;
  kill(): Promise<void>;
}

const tarArguments = [
  "--extract",
  "--file=-",
  "--numeric-owner",
  "--same-owner",
  "--preserve-permissions",
  "--xattrs",
  "--xattrs-include=*",
  "--delay-directory-restore",
  "--warning=no-timestamp",
];

function startUnpacker(directory: string): Unpacker {
  const child = spawn("tar", [...tarArguments, `--directory=${directory}`], {
    stdio: ["pipe", "ignore", "pipe"],
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  });
  const { stdin } = child;
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (complaint.length < 2000) complaint += text;
  });
  const closed = new Promise<{ code: number | null; error?: Error }>((resolve) => {
    child.once("error", (error) => resolve({ code: null, error }));
    child.once("close", (code) => resolve({ code }));
  });
  // It may end before it has read all; why it did stands in its exit code.
  stdin.on("error", () => {});
  const finish = async () => {
    const { code, error } = await closed;
    if (error !== undefined) throw error;
    if (code !== 0) throw new TarError(complaint.trim() || `tar ended with ${code}`);
  };
  return {
    write: (data) => {
      if (stdin.writableCorked === 0) stdin.cork();
      stdin.write(data);
    },
    flush: async () => {
      stdin.uncork();
      if (stdin.destroyed) await finish();
      if (stdin.writableNeedDrain) await Promise.race([once(stdin, "drain").catch(() => {}), closed]);
    },
    end: () => {
      stdin.end(endOfArchive);
      return finish();
    },
    kill: async () => {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** What the layers below have is hidden by a device 0:0 of that name, or by an attribute of its directory. */
async function hiding(
  directory: string,
  whiteouts: readonly string[],
  opaques: readonly string[],
): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = [];
  for (const name of new Set(whiteouts)) {
    if ((await look(directory, name)) === undefined) entries.push(overlayEntry(name, { type: "char", mode: 0 }));
  }
  for (const name of new Set(opaques)) {
    const there = await look(directory, name);
    if (there !== undefined && !there.isDirectory()) continue;
    entries.push(
      overlayEntry(name === "" ? "./" : `${name}/`, {
        ...(there !== undefined && asListed(there)),
        xattrs: new Map([["trusted.overlay.opaque", "y"]]),
      }),
    );
  }
  return entries;
}

function asListed({ mode, uid, gid, mtimeNs }: BigIntStats): Partial<TarEntry> {
  const second = 1_000_000_000n;
  const fraction = String(mtimeNs % second).padStart(9, "0");
  return { mode: Number(mode) & 0o7777, uid: Number(uid), gid: Number(gid), mtime: `${mtimeNs / second}.${fraction}` };
}

const look = (directory: string, name: string): Promise<BigIntStats | undefined> =>
  lstat(fileIn(directory, name), { bigint: true }).catch(() => undefined);
