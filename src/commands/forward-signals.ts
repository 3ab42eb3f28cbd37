import { exitCodes } from "../errors.ts";

const forwarded = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGCONT"] as const;
type Forwarded = (typeof forwarded)[number];

/** How often Ctrl-C or SIGTERM must come until this process ends, whatever the container does with them. */
const patience = 3;

/**
 * Hands the signals that this process gets to `send`, by name, until it is disposed of. Takes over from the handling in
 * main.ts, which ends the process at the first Ctrl-C.
 */
export function forwardSignals(send: (signal: Forwarded) => void): Disposable {
  let requests = 0;
  const before = process.listeners("SIGINT");
  const onSignal = (signal: NodeJS.Signals) => {
    if ((signal === "SIGINT" || signal === "SIGTERM") && ++requests === patience) process.exit(exitCodes.interrupted);
    const known = forwarded.find((name) => name === signal);
    if (known !== undefined) send(known);
  };
  process.removeAllListeners("SIGINT");
  for (const signal of forwarded) process.on(signal, onSignal);
  return {
    [Symbol.dispose]: () => {
      for (const signal of forwarded) process.off(signal, onSignal);
      for (const listener of before) process.on("SIGINT", listener);
    },
  };
}
