import { exitCodes, InterruptedError } from "../errors.ts";

/** Ctrl-C and SIGTERM, as the two stages that a user expects: end in good order, then by force. A third ends the process. */
export interface Interrupts extends Disposable {
  /** Aborted by the first, with InterruptedError. */
  readonly first: AbortSignal;
  /** Aborted by the second. */
  readonly second: AbortSignal;
}

/** The same for verbs that can only be ended in good order: the second ends the process. */
export function catchInterrupt(): { readonly signal: AbortSignal } & Disposable {
  const interrupts = catchInterrupts();
  const { first, second } = interrupts;
  second.addEventListener("abort", () => process.exit(second.reason.exitCode));
  return { signal: first, [Symbol.dispose]: () => interrupts[Symbol.dispose]() };
}

/** Takes over from the handling in main.ts, which ends the process at once, until it is disposed of. */
export function catchInterrupts(): Interrupts {
  const first = new AbortController();
  const second = new AbortController();
  const before = process.listeners("SIGINT");
  const onSignal = () => {
    if (second.signal.aborted) process.exit(exitCodes.interrupted);
    (first.signal.aborted ? second : first).abort(new InterruptedError());
  };
  process.removeAllListeners("SIGINT");
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return {
    first: first.signal,
    second: second.signal,
    [Symbol.dispose]: () => {
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
      for (const listener of before) process.on("SIGINT", listener);
    },
  };
}
