/** Packs what overlayfs wrote as a layer, and packs it again, byte for byte, from its recipe. */

import { spawn } from "node:child_process";
import { createReadStream, lstatSync } from "node:fs";
import { fromOverlay } from "./from-overlay.ts";
import { fileIn } from "./place-file.ts";
import { paddingOf, type TarEntry, TarError } from "./tar/entry.ts";
import { endOfArchive } from "./tar/header.ts";
import { readTar } from "./tar/read.ts";

const tarArguments = [
  "--create",
  "--file=-",
  "--format=posix",
  "--pax-option=delete=atime,delete=ctime",
  "--numeric-owner",
  "--xattrs",
  "--xattrs-include=*",
  "--sort=name",
  "--one-file-system",
  "--warning=no-file-ignored",
];

export interface PackedPiece {
  readonly data: Buffer;
  /** It announces members: part of the layer's recipe. */
  readonly isHeader: boolean;
}

/** The layer's tar. `lowers`: the directories of the layers below. Returns the sum of the files' sizes. */
export async function* packLayer(
  directory: string,
  lowers: readonly string[],
): AsyncGenerator<PackedPiece, number, undefined> {
  const transform = fromOverlay((name) =>
    lowers.some((lower) => lstatSync(fileIn(lower, name), { throwIfNoEntry: false })?.isDirectory() === true),
  );
  for await (const chunk of packDirectory(directory)) {
    for (const step of transform.write(chunk)) {
      yield "header" in step ? { data: step.header, isHeader: true } : { data: step.content, isHeader: false };
    }
  }
  const { steps, size } = transform.end();
  for (const step of steps) if ("header" in step) yield { data: step.header, isHeader: true };
  return size;
}

/** A tar of a directory, or of some things in it, as it is: whiteouts as devices, overlayfs's attributes and all. */
export async function* packDirectory(
  directory: string,
  names: readonly string[] = ["."],
): AsyncGenerator<Buffer, void, undefined> {
  const child = spawn("tar", [...tarArguments, `--directory=${directory}`, "--", ...names], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (complaint.length < 2000) complaint += text;
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  closed.catch(() => {});
  try {
    yield* child.stdout;
    const code = await closed;
    // 1: a file changed while it was read, as files of a running container do.
    if (code !== 0 && code !== 1) throw new TarError(complaint.trim() || `tar ended with ${code}`);
  } finally {
    child.kill("SIGKILL");
  }
}

/** The tar of a layer again: its recipe is the tar without contents, which lie in its directories: each in the first that has it. */
export async function* packFromRecipe(
  recipe: AsyncIterable<Uint8Array>,
  directories: readonly string[],
): AsyncGenerator<Buffer, void, undefined> {
  let found: { readonly entry: TarEntry; readonly raw: Buffer }[] = [];
  const reader = readTar(
    {
      entry: (entry, raw) => found.push({ entry, raw: Buffer.concat(raw) }),
      content: () => {},
      close: () => {},
    },
    { bare: true },
  );
  for await (const chunk of recipe) {
    found = [];
    reader.write(chunk);
    for (const { entry, raw } of found) {
      yield raw;
      if (entry.size === 0) continue;
      const files = directories.map((directory) => fileIn(directory, entry.path));
      const [own = ""] = files;
      const file = files.find((one) => lstatSync(one, { throwIfNoEntry: false }) !== undefined) ?? own;
      yield* createReadStream(file, { highWaterMark: pieceLength });
      yield Buffer.alloc(paddingOf(entry.size));
    }
  }
  yield endOfArchive;
}

const pieceLength = 1024 * 1024;
