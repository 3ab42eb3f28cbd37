import type { Engine } from "../engine/api.ts";
import type { Plan } from "../reconcile/plan.ts";
import { beforeExit } from "./before-exit.ts";
import { carryOut } from "./carry-out.ts";
import { forwardSignals } from "./forward-signals.ts";
import { openProgressFor } from "./screen.ts";
import type { Session } from "./session.ts";
import { detachKeysOf, type Talk, talk } from "./talk.ts";
import type { TalkOutput } from "./talk-output.ts";

export interface Attached {
  readonly id: string;
  readonly tty: boolean;
  /** What is typed here goes to the container. */
  readonly stdin: boolean;
  /** Remove the container when it has ended. */
  readonly remove: boolean;
  /** Keys that detach; docker's own where absent. */
  readonly detachKeys?: string | undefined;
  /** Whether signals to this process are passed on to the container; they are where absent. */
  readonly forwardSignals?: boolean;
  /** Where the container's output goes; this process's streams where absent. */
  readonly output?: TalkOutput;
}

/** Carries out the plan that starts a container, and leaves it to itself. */
export async function runDetached(session: Session, plan: Plan): Promise<void> {
  const progress = await openProgressFor({ ansi: undefined, "no-ansi": false, json: false, progress: "quiet" });
  await carryOut(session, plan, { progress, signal: new AbortController().signal });
}

/**
 * Carries out the plan that starts a container, with this process's streams as the container's, and passes signals on to
 * it. Answers with its exit code; 0 where the user detached from it.
 */
export async function runAttached(session: Session, plan: Plan, attached: Attached): Promise<number> {
  return runToEnd(session.engine, attached, () => runDetached(session, plan));
}

/** The same with another way to start the container. */
export async function runToEnd(engine: Engine, attached: Attached, start: () => Promise<void>): Promise<number> {
  const { id, tty, stdin, remove } = attached;
  // Where it is interrupted before it runs, it never was; where its reader goes, nobody else removes it.
  using unstarted = beforeExit(() => engine.containerRemove({ id, force: true, v: true }));
  const proxy = attached.forwardSignals ?? true;
  const detachKeys = tty ? await detachKeysOf(attached.detachKeys) : undefined;
  const { exit } = await awaitExit(engine, id);
  const streams = { stream: true, stdin, stdout: true, stderr: true };
  const keys = detachKeys === undefined ? {} : { detachKeys: detachKeys.text };
  const connection = await engine.containerAttach({ id, tty, ...streams, ...keys });
  const resize = (size: { h: number; w: number }) => engine.containerResize({ id, ...size });
  let conversation: Talk | undefined;
  let detached = false;
  const kill = (signal: string) => void engine.containerKill({ id, signal }).catch(() => {});
  using running = new DisposableStack();
  try {
    const output = attached.output && { output: attached.output };
    conversation = talk(connection, { tty, stdin, detachKeys, resize, ...output });
    const started = start().then(() => {
      if (!remove) unstarted[Symbol.dispose]();
      if (proxy) running.use(forwardSignals(kill));
    });
    const hooked = started.then(() => conversation?.sized());
    // A start that fails ends it at once; hooks may still be running when the command has ended.
    const over = await Promise.race([conversation.over, hooked.then(() => conversation?.over)]);
    detached = over === "detached";
    if (detached) return 0;
    await hooked;
    return (await exit).StatusCode;
  } finally {
    connection.destroy();
    await conversation?.over.catch(() => {});
    if (remove && !detached) await engine.containerRemove({ id, force: true, v: true });
  }
}

/** The next exit of a container that is not started yet, once the engine is on the watch for it. */
async function awaitExit(engine: Engine, id: string): Promise<{ exit: Promise<{ StatusCode: number }> }> {
  const accepted = Promise.withResolvers<void>();
  const exit = engine.containerWait({ id, condition: "next-exit" }, { accepted: accepted.resolve });
  exit.catch(accepted.reject);
  await accepted.promise;
  return { exit };
}
