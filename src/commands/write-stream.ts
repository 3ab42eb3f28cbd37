import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { GantryError } from "../errors.ts";
import { beforeExit } from "./before-exit.ts";

/** Writes every chunk, no faster than the reader takes them. */
export async function writeTo(stream: NodeJS.WritableStream, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) {
    if (!stream.write(chunk)) await new Promise<void>((resolve) => stream.once("drain", () => resolve()));
  }
}

/**
 * Writes a file, readable for its owner only. It is there as a whole or, where the source or the disk fails, as it was
 * before. Throws GantryError where it cannot be written.
 */
export async function writeFileFrom(target: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const partial = path.join(path.dirname(target), `.${path.basename(target)}.${randomBytes(4).toString("hex")}`);
  const file = await open(partial, "wx", 0o600).catch((cause: unknown) => {
    throw new GantryError(`${target} cannot be written: ${reasonOf(cause)}`, { cause });
  });
  using _ = beforeExit(() => rm(partial, { force: true }));
  try {
    for await (const chunk of chunks) await file.write(chunk);
    await file.close();
    await rename(partial, target);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(partial, { force: true });
    if (!isSystemError(error)) throw error;
    throw new GantryError(`${target} cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

/** The system's words, without the call and the path behind them. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, \w+ '.*$/s, "") : String(error);
}
