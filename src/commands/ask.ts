import { InterruptedError } from "../errors.ts";

/** Whether there is somebody at a terminal who can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/**
 * Asks the terminal for a yes. Anything else, also the end of input (Ctrl-D, or where nobody is there), is a no.
 *
 * @throws InterruptedError on Ctrl-C
 */
export async function askYes(question: string): Promise<boolean> {
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<string>((resolve) => terminal.once("close", () => resolve("")));
  try {
    return /^y(es)?$/i.test((await Promise.race([terminal.question(`${question} [y/N] `), ended])).trim());
  } catch (error) {
    process.stderr.write("\n");
    if (error instanceof Error && error.message.includes("Ctrl+C")) throw new InterruptedError();
    if (error instanceof Error && error.name === "AbortError") return false;
    throw error;
  } finally {
    terminal.close();
  }
}
