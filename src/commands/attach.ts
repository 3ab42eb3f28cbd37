import type { ContainerInspect, Engine } from "../engine/api.ts";
import { GantryError } from "../errors.ts";
import { nameOf } from "../reconcile/containers.ts";
import { forwardSignals } from "./forward-signals.ts";
import { findContainer, indexFlag } from "./one-container.ts";
import { findProject } from "./project.ts";
import { openEngine } from "./session.ts";
import { detachKeysOf, type TalkOptions, talk } from "./talk.ts";
import { Args, Flags, Verb } from "./verb.ts";

/** `gantry attach`: this terminal's streams become a running container's; exits with the container's code. */
export default class Attach extends Verb {
  static override summary = "Attach to a running container";
  static override args = {
    service: Args.string({ required: true, description: "the service", ignoreStdin: true }),
  };
  static override flags = {
    "detach-keys": Flags.string({
      helpValue: "<keys>",
      description: "keys that leave the container running: ctrl-p,ctrl-q",
    }),
    index: indexFlag(),
    "no-stdin": Flags.boolean({ description: "leave the container's input alone" }),
    "sig-proxy": Flags.boolean({ allowNo: true, default: true, description: "pass signals on to the container" }),
  };

  async run(): Promise<number> {
    const { flags, args } = await this.parse(Attach);
    const [engine, project] = await Promise.all([openEngine(flags), findProject(flags, [args.service])]);
    const { service } = args;
    const found = await findContainer(engine, project.name, { service, index: flags.index });
    const inspect = await engine.containerInspect({ id: found.Id });
    refuseIdle(inspect, nameOf(found));
    if (flags["dry-run"]) {
      process.stdout.write(`attach to ${nameOf(found)}\n`);
      return 0;
    }
    const stdin = flags["no-stdin"] !== true && inspect.Config.OpenStdin === true;
    const tty = inspect.Config.Tty === true;
    const detachKeys = tty ? await detachKeysOf(flags["detach-keys"]) : undefined;
    return attach(engine, inspect.Id, { tty, stdin, detachKeys }, flags["sig-proxy"]);
  }
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

function refuseIdle({ State: { Paused, Restarting } }: ContainerInspect, name: string): void {
  if (Paused) throw new GantryError(`container ${name} is paused`, { hint: "let it go on with `gantry unpause`" });
  if (Restarting) throw new GantryError(`container ${name} is restarting`, { hint: "try again when it runs" });
}
