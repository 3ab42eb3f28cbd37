import type { Engine } from "../engine/api.ts";
import { EngineError, GantryError } from "../errors.ts";
import { runCommand } from "./run-command.ts";

/** In node and in python: what `rm -rf` does, for images that have no rm. */
const nodeProgram = "for (const file of process.argv.slice(1)) fs.rmSync(file, { recursive: true, force: true })";
const pythonProgram = `import os, shutil, sys
for file in sys.argv[1:]:
    if os.path.isdir(file) and not os.path.islink(file): shutil.rmtree(file)
    elif os.path.lexists(file): os.remove(file)`;

/** Programs that remove files, the usual one first. */
export const removers: readonly (readonly string[])[] = [
  ["rm", "-rf", "--"],
  ["busybox", "rm", "-rf", "--"],
  ["node", "-e", nodeProgram],
  ["python3", "-c", pythonProgram],
];

/** Bytes of arguments of one call: the kernel takes 128 KiB at least. */
const mostBytes = 100_000;

/** Container → its program, found by trying. */
export type Removers = Map<string, readonly string[]>;

/**
 * Removes files and directories in a running container. The archive API can only write, so a program of the image does
 * it, as root, since what is to go may be anybody's. False where the image has none that can.
 */
export async function removeFiles(
  engine: Engine,
  container: string,
  targets: readonly string[],
  known: Removers,
): Promise<boolean> {
  for (const some of portionsOf(targets)) if (!(await removeSome(engine, container, some, known))) return false;
  return true;
}

async function removeSome(engine: Engine, id: string, targets: readonly string[], known: Removers): Promise<boolean> {
  const found = known.get(id);
  for (const remover of found === undefined ? removers : [found]) {
    const { exitCode, output } = await attempt(engine, id, [...remover, ...targets]);
    if (exitCode === 126 || exitCode === 127) continue;
    known.set(id, remover);
    if (exitCode === 0) return true;
    throw new GantryError(`${remover[0]} exited with code ${exitCode}: ${output.trim()}`);
  }
  return false;
}

/** A program that is not there is an exit code for some engines, and an error for others. */
async function attempt(engine: Engine, id: string, Cmd: string[]): Promise<{ exitCode: number; output: string }> {
  try {
    return await runCommand(engine, id, { Cmd, User: "0:0" });
  } catch (error) {
    const isMissing =
      error instanceof EngineError && /executable file.*not found|no such file or directory/i.test(error.message);
    if (isMissing) return { exitCode: 127, output: error.message };
    throw error;
  }
}

function* portionsOf(targets: readonly string[]): Generator<readonly string[]> {
  let portion: string[] = [];
  let size = 0;
  for (const target of targets) {
    const length = Buffer.byteLength(target) + 1;
    if (size + length > mostBytes && portion.length > 0) {
      yield portion;
      portion = [];
      size = 0;
    }
    portion.push(target);
    size += length;
  }
  if (portion.length > 0) yield portion;
}
