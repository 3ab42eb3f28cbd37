import type { Engine } from "../engine/api.ts";
import { EngineError, exitCodes } from "../errors.ts";
import { processEnvironment } from "./process-environment.ts";
import { detachKeysOf, type TalkOptions, type TerminalFlags, talk, wantsTerminal } from "./talk.ts";
import { jsonOutput } from "./talk-output.ts";

/** How a command is run in a container: the flags of `exec`. */
export interface ExecFlags extends TerminalFlags {
  readonly detach?: boolean | undefined;
  readonly "detach-keys"?: string | undefined;
  readonly env?: readonly string[] | undefined;
  readonly privileged?: boolean | undefined;
  readonly user?: string | undefined;
  readonly workdir?: string | undefined;
}

/**
 * Runs a command in a running container, with this process's streams as its own, and answers with its exit code; 0 where it
 * is left in the background. With `--json` its output is lines. Throws EngineError, with the exit code of a shell where the program cannot be run.
 */
export async function execCommand(
  engine: Engine,
  container: { readonly id: string; readonly name: string },
  command: readonly string[],
  flags: ExecFlags,
) {
  const detach = flags.detach === true;
  const tty = wantsTerminal({ ...flags, ...(detach && { interactive: false }) });
  const stdin = flags.interactive === true && !detach;
  const detachKeys = tty ? await detachKeysOf(flags["detach-keys"]) : undefined;
  const { Id: id } = await engine.execCreate({
    id: container.id,
    body: {
      Cmd: [...command],
      Tty: tty,
      ...(detachKeys !== undefined && { DetachKeys: detachKeys.text }),
      AttachStdin: stdin,
      AttachStdout: !detach,
      AttachStderr: !detach,
      Env: variables(flags.env ?? [], processEnvironment()),
      ...(flags.privileged && { Privileged: true }),
      ...(flags.user !== undefined && { User: flags.user }),
      ...(flags.workdir !== undefined && { WorkingDir: flags.workdir }),
    },
  });
  try {
    const output = flags.json && { output: jsonOutput(container.name) };
    const exitCode = await start(engine, id, { detach, tty, stdin, detachKeys, ...output });
    return { exitCode, data: { container: container.name, id: container.id, exec: id } };
  } catch (error) {
    // The runtime's answer: there is no such program, or it cannot be run.
    if (!(error instanceof EngineError) || !/exec failed|executable file not found/i.test(error.message)) throw error;
    throw new EngineError(error.message, { cause: error, exitCode: exitCodes.notExecutable });
  }
}

async function start(
  engine: Engine,
  id: string,
  { detach, ...ends }: Omit<TalkOptions, "resize"> & { readonly detach: boolean },
): Promise<number> {
  const { tty } = ends;
  const connection = await engine.execStart({ id, tty, body: { Detach: detach, Tty: tty } });
  if (detach) {
    connection.destroy();
    return 0;
  }
  const resize = (size: { h: number; w: number }) => engine.execResize({ id, ...size });
  const conversation = talk(connection, { ...ends, resize });
  void conversation.sized();
  if ((await conversation.over) === "detached") return 0;
  return (await engine.execInspect({ id })).ExitCode ?? 0;
}

/** `A=1` as it is, `A` with the value that this process has, or not at all. */
export function variables(given: readonly string[], environment: ReadonlyMap<string, string>): string[] {
  return given.flatMap((text) => {
    if (text.includes("=")) return [text];
    const value = environment.get(text);
    return value === undefined ? [] : [`${text}=${value}`];
  });
}
