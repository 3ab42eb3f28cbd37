import { Writable } from "node:stream";
import { InterruptedError } from "../errors.ts";

/**
 * Asks the terminal for a line that is not shown while it is typed; `visible`: it is.
 *
 * @throws InterruptedError on Ctrl-C and at the end of input
 */
export async function askLine(question: string, { visible = false } = {}): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  if (!visible) process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({
    input: process.stdin,
    output: visible ? process.stderr : nowhere,
    terminal: process.stdin.isTTY === true,
  });
  const closed = new Promise<never>((_, reject) => terminal.once("close", () => reject(new InterruptedError())));
  try {
    return await Promise.race([terminal.question(visible ? question : ""), closed]);
  } catch {
    throw new InterruptedError();
  } finally {
    closed.catch(() => {});
    terminal.close();
    if (!visible) process.stderr.write("\n");
  }
}
