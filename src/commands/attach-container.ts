import type { ContainerInspect, Engine } from "../engine/api.ts";
import { GantryError, UsageError } from "../errors.ts";
import { forwardSignals } from "./forward-signals.ts";
import { detachKeysOf, type TalkOptions, talk } from "./talk.ts";
import { jsonOutput } from "./talk-output.ts";

export interface AttachFlags {
  readonly "detach-keys"?: string | undefined;
  readonly "no-stdin"?: boolean | undefined;
  readonly "sig-proxy": boolean;
  readonly json?: boolean;
}

/**
 * Makes this terminal's streams a running container's; answers with its exit code, 0 where the user detached from it. With
 * `--json` its output is lines. Throws UsageError where that would be those of a terminal.
 */
export async function attachContainer(engine: Engine, inspect: ContainerInspect, flags: AttachFlags) {
  const container = inspect.Name.replace(/^\//, "");
  const id = inspect.Id;
  const stdin = flags["no-stdin"] !== true && inspect.Config.OpenStdin === true;
  const tty = inspect.Config.Tty === true;
  const detachKeys = tty ? await detachKeysOf(flags["detach-keys"]) : undefined;
  if (flags.json && tty) {
    throw new UsageError(`--json cannot show the terminal of container ${container}`, {
      hint: "read its logs instead",
    });
  }
  const output = flags.json && { output: jsonOutput(container) };
  const exitCode = await attach(engine, id, { tty, stdin, detachKeys, ...output }, flags["sig-proxy"]);
  return { exitCode, data: { container, id } };
}

async function attach(engine: Engine, id: string, ends: Omit<TalkOptions, "resize">, proxy: boolean): Promise<number> {
  const { tty, stdin, detachKeys: keys } = ends;
  const exit = engine.containerWait({ id });
  exit.catch(() => {});
  const streams = { stream: true, stdin, stdout: true, stderr: true, ...(keys && { detachKeys: keys.text }) };
  const connection = await engine.containerAttach({ id, tty, ...streams });
  const resize = (size: { h: number; w: number }) => engine.containerResize({ id, ...size });
  const conversation = talk(connection, { ...ends, resize });
  // A terminal that others have drawn on shows itself only when it is told of another size.
  void conversation.sized({ redraw: true });
  const kill = (signal: string) => void engine.containerKill({ id, signal }).catch(() => {});
  using _ = proxy ? forwardSignals(kill) : undefined;
  if ((await conversation.over) === "detached") return 0;
  return (await exit).StatusCode;
}

/** Throws GantryError for a container that is not running, or not able to go on. */
export function refuseIdle({ Name, State: { Paused, Restarting, Running } }: ContainerInspect): void {
  const name = Name.replace(/^\//, "");
  if (Paused) throw new GantryError(`container ${name} is paused`, { hint: "let it go on with `gantry unpause`" });
  if (Restarting) throw new GantryError(`container ${name} is restarting`, { hint: "try again when it runs" });
  if (!Running) throw new GantryError(`container ${name} is not running`, { hint: "start it first" });
}
