import type { Engine, ExecCreateBody } from "../engine/api.ts";

export interface CommandResult {
  /** 126 and 127: the program cannot be run, or is not there. */
  readonly exitCode: number;
  readonly output: string;
}

/** How much of a command's output is kept, in bytes. */
const largestOutput = 64 * 1024;

/** Runs a program in a running container to its end. The arguments are handed over as they are: no shell reads them. */
export async function runCommand(
  engine: Engine,
  container: string,
  body: Omit<ExecCreateBody, "AttachStdout" | "AttachStderr">,
): Promise<CommandResult> {
  const { Id: id } = await engine.execCreate({
    id: container,
    body: { ...body, AttachStdout: true, AttachStderr: true },
  });
  const { frames } = await engine.execStart({ id, tty: false, body: { Detach: false, Tty: false } });
  const kept: Buffer[] = [];
  let size = 0;
  for await (const { data } of frames) {
    kept.push(data);
    size += data.length;
    while (size > largestOutput && kept.length > 1) size -= kept.shift()?.length ?? 0;
  }
  const { ExitCode: exitCode } = await engine.execInspect({ id });
  return { exitCode: exitCode ?? 0, output: Buffer.concat(kept).toString("utf8") };
}
