import { appendFile, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ReadLogOptions, readLog } from "../../../../src/engine/containers/logs/read-log.ts";
import { frameStream } from "../../../../src/engine/frames.ts";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "gantry-log-"));
  file = path.join(folder, "ctr.log");
});
afterEach(() => rm(folder, { recursive: true }));

const entry = (text: string) => `2026-11-23T21:47:19.932877074+00:00 stdout F ${text}\n`;
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => entry(`line ${from + i}`)).join("");
const choice: ReadLogOptions = { stdout: true, stderr: true, timestamps: false, details: false };

async function textOf(options: Partial<ReadLogOptions>): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const { data } of frameStream(readLog(file, { ...choice, ...options }))) pieces.push(data);
  return Buffer.concat(pieces).toString();
}

describe("a log", () => {
  it("that is longer than a block is read whole, and from its tail", async () => {
    await writeFile(file, lines(0, 40_000));
    const text = await textOf({});
    expect(text.split("\n")).toHaveLength(40_001);
    expect(text.endsWith("line 39999\n")).toBe(true);
    expect(await textOf({ tail: 2 })).toBe("line 39998\nline 39999\n");
    expect((await textOf({ tail: 30_000 })).split("\n")[0]).toBe("line 10000");
  });

  it("that is not there is empty", async () => {
    expect(await textOf({})).toBe("");
  });

  it("is followed until the container has ended, and nothing written before that is lost", async () => {
    await writeFile(file, lines(0, 2));
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const seen: string[] = [];
    for await (const { data } of frameStream(readLog(file, { ...choice, ended }))) {
      seen.push(data.toString());
      if (seen.length === 1) await appendFile(file, lines(2, 3));
      if (seen.length === 2) {
        await appendFile(file, lines(3, 4));
        end();
      }
    }
    expect(seen.join("")).toBe("line 0\nline 1\nline 2\nline 3\n");
  });

  it("that is truncated while it is followed goes on from its new beginning", async () => {
    await writeFile(file, lines(0, 3));
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    let text = "";
    for await (const { data } of frameStream(readLog(file, { ...choice, ended }))) {
      text += data.toString();
      if (text.endsWith("line 2\n")) {
        await truncate(file, 0);
        await appendFile(file, lines(7, 8));
      }
      if (text.endsWith("line 7\n")) end();
    }
    expect(text).toBe("line 0\nline 1\nline 2\nline 7\n");
  });

  it("is left at once when the reader goes", async () => {
    await writeFile(file, lines(0, 1));
    const stop = new AbortController();
    let count = 0;
    for await (const _ of readLog(file, { ...choice, ended: new Promise(() => {}), signal: stop.signal })) {
      count++;
      stop.abort();
    }
    expect(count).toBe(1);
  });
});
