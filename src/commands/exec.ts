import type { Engine } from "../engine/api.ts";
import { EngineError, exitCodes } from "../errors.ts";
import { nameOf } from "../reconcile/containers.ts";
import { findContainer, indexFlag } from "./one-container.ts";
import { processEnvironment } from "./process-environment.ts";
import { findProject } from "./project.ts";
import { openEngine } from "./session.ts";
import { detachKeysOf, type TalkOptions, talk, wantsTerminal } from "./talk.ts";
import { terminalFlags } from "./terminal-flags.ts";
import { Args, Flags, several, Verb } from "./verb.ts";

/** `gantry exec`: runs a command in a running container; exits with the command's code. */
export default class Exec extends Verb {
  static override summary = "Run a command in a running container";
  static override takesCommand = true;
  static override args = {
    service: Args.string({ required: true, description: "the service", ignoreStdin: true }),
    command: Args.string({ required: true, multiple: true, description: "the command's words", ignoreStdin: true }),
  };
  static override flags = {
    detach: Flags.boolean({ char: "d", description: "leave the command in the background" }),
    env: Flags.string({ ...several, char: "e", helpValue: "<name=value>", description: "set a variable" }),
    index: indexFlag(),
    ...terminalFlags,
    privileged: Flags.boolean({ description: "give the command extended privileges" }),
    user: Flags.string({ char: "u", helpValue: "<user>", description: "run as this user" }),
    workdir: Flags.string({ char: "w", helpValue: "<path>", description: "directory in the container" }),
  };

  async run(): Promise<number> {
    const { flags, args } = await this.parse(Exec);
    const [engine, project] = await Promise.all([openEngine(flags), findProject(flags, [args.service])]);
    const found = await findContainer(engine, project.name, { service: args.service, index: flags.index });
    if (flags["dry-run"]) {
      process.stdout.write(`exec ${nameOf(found)}: ${args.command.join(" ")}\n`);
      return 0;
    }
    const detach = flags.detach === true;
    const tty = wantsTerminal({ ...flags, ...(detach && { interactive: false }) });
    const stdin = flags.interactive && !detach;
    const detachKeys = tty ? await detachKeysOf() : undefined;
    const { Id: id } = await engine.execCreate({
      id: found.Id,
      body: {
        Cmd: args.command,
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
      return await start(engine, id, { detach, tty, stdin, detachKeys });
    } catch (error) {
      // The runtime's answer: there is no such program, or it cannot be run.
      if (!(error instanceof EngineError) || !/exec failed|executable file not found/i.test(error.message)) throw error;
      throw new EngineError(error.message, { cause: error, exitCode: exitCodes.notExecutable });
    }
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
