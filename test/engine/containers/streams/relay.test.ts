import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { openTerminal } from "../../../../src/engine/containers/streams/relay.ts";

async function outcome(command: readonly string[], input: string, sizes = "") {
  const child = openTerminal(command, { rows: 20, columns: 70 }, "/nonexistent");
  const chunks: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
  const control = child.stdio[3];
  if (control && "write" in control) control.write(sizes);
  child.stdin?.write(input);
  const [code] = await once(child, "close");
  return { code, text: Buffer.concat(chunks).toString() };
}

describe("a program on a terminal", () => {
  it("sees one, of the size that is asked for, and its exit code is told", async () => {
    const { code, text } = await outcome(["sh", "-c", "tty >/dev/null && stty size; exit 7"], "");
    expect(text).toContain("20 70");
    expect(code).toBe(7);
  });

  it("reads what is typed, and sees the terminal change its size", async () => {
    const { text } = await outcome(["sh", "-c", "read word; stty size; echo got $word"], "hello\n", "33 101\n");
    expect(text).toContain("33 101");
    expect(text).toContain("got hello");
  });

  it("tells by its code which signal ended it", async () => {
    expect((await outcome(["sh", "-c", "kill -TERM $$"], "")).code).toBe(143);
  });
});
