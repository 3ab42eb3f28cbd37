import { describe, expect, it } from "vitest";
import { type LogWriterOptions, logWriter } from "../../src/ui/log-writer.ts";

function open(options: Partial<LogWriterOptions> = {}) {
  const out = { stdout: "", stderr: "" };
  const writer = logWriter({
    colour: false,
    prefix: true,
    timestamps: false,
    write: (stream, data) => {
      out[stream] += data.toString("utf8");
    },
    ...options,
  });
  return { out, writer };
}

const bytes = (text: string) => Buffer.from(text);
const now = "2026-11-24T05:00:00Z";

describe("logWriter", () => {
  it("puts the name in front of each line, as wide as the longest name that is known", () => {
    const { out, writer } = open();
    writer.add("web-1");
    writer.add("database-1");
    writer.data("web-1", "stdout", bytes("one\ntwo\n"), now);
    writer.data("database-1", "stdout", bytes("three\n"), now);
    expect(out.stdout).toBe("web-1       | one\nweb-1       | two\ndatabase-1  | three\n");
  });

  it("keeps the rest of a line until it is complete, for each stream by itself", () => {
    const { out, writer } = open();
    writer.data("a", "stdout", bytes("begin"), now);
    writer.data("a", "stderr", bytes("other\n"), now);
    expect(out).toEqual({ stdout: "", stderr: "a  | other\n" });
    writer.data("a", "stdout", bytes("ning\nend"), now);
    expect(out.stdout).toBe("a  | beginning\n");
    writer.end("a");
    expect(out.stdout).toBe("a  | beginning\na  | end\n");
  });

  it("does not write a last line twice", () => {
    const { out, writer } = open();
    writer.data("a", "stdout", bytes("end"), now);
    writer.end("a");
    writer.end("a");
    expect(out.stdout).toBe("a  | end\n");
  });

  it("passes bytes on as they are, also those of a character cut in two", () => {
    const { out, writer } = open({ prefix: false });
    const umlaut = bytes("ü\n");
    writer.data("a", "stdout", umlaut.subarray(0, 1), now);
    writer.data("a", "stdout", umlaut.subarray(1), now);
    expect(out.stdout).toBe("ü\n");
  });

  it("keeps empty lines and carriage returns", () => {
    const { out, writer } = open();
    writer.data("a", "stdout", bytes("\n10%\r20%\n"), now);
    expect(out.stdout).toBe("a  | \na  | 10%\r20%\n");
  });

  it("puts the time of a line's beginning in front of it when asked", () => {
    const { out, writer } = open({ timestamps: true });
    writer.data("a", "stdout", bytes("x\n\ny"), now);
    writer.data("a", "stdout", bytes("z\n"), "later");
    expect(out.stdout).toBe(`a  | ${now} x\na  | ${now} \na  | ${now} yz\n`);
  });

  it("gives the names docker compose's colours in turn, the bold ones after the plain ones", () => {
    const { out, writer } = open({ colour: true });
    for (const name of ["a", "b", "c", "d", "e", "f"]) writer.data(name, "stdout", bytes("\n"), now);
    const lines = out.stdout.split("\n");
    expect(lines[0]).toBe("\x1b[36ma  | \x1b[39m");
    expect(lines[4]).toBe("\x1b[34me  | \x1b[39m");
    expect(lines[5]).toBe("\x1b[1m\x1b[36mf  | \x1b[39m\x1b[22m");
  });
});
