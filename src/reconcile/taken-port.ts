import type { Engine } from "../engine/api.ts";
import { EngineError } from "../errors.ts";
import { nameOf } from "./containers.ts";
import { labels } from "./labels.ts";
import { StepError } from "./step-error.ts";

/** Finds the process of this machine that listens on a TCP port: `nginx (process 4711)`; undefined: none is seen. */
export type FindListener = (port: number) => Promise<string | undefined>;

/**
 * What to say of a start that failed: of a port that is taken, who has it, be it a container or a process; any other
 * error as it is.
 */
export async function explainStart(
  error: unknown,
  engine: Engine,
  findListener: FindListener | undefined,
): Promise<unknown> {
  if (!(error instanceof EngineError)) return error;
  if (!/port is already allocated|address already in use/i.test(error.message)) return error;
  const port = takenPort(error.message);
  const holder = port === undefined ? undefined : await holderOf(port, engine, findListener).catch(() => undefined);
  const hint =
    holder === undefined
      ? "another container or process holds the port: publish another one, or stop its holder"
      : `port ${port} is held by ${holder}: publish another one, or stop it`;
  return new StepError(error.message, [], { hint, cause: error, blame: { path: ["ports"], code: "taken-port" } });
}

/** The port of `Bind for 0.0.0.0:8080 failed: …` and `listen tcp4 127.0.0.1:8080: bind: …`. */
export function takenPort(message: string): number | undefined {
  const [, port] = /(?:\d+(?:\.\d+){3}|\[[0-9a-f:]*\]|::):(\d+)\b/i.exec(message) ?? [];
  return port === undefined ? undefined : Number(port);
}

async function holderOf(
  port: number,
  engine: Engine,
  findListener: FindListener | undefined,
): Promise<string | undefined> {
  const containers = await engine.containerList({});
  const holder = containers.find(({ Ports }) => (Ports ?? []).some(({ PublicPort }) => PublicPort === port));
  if (holder === undefined) return findListener?.(port);
  const project = holder.Labels[labels.project];
  return `container ${nameOf(holder)}${project === undefined ? "" : ` of project "${project}"`}`;
}
