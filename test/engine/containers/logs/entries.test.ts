import { describe, expect, it } from "vitest";
import {
  decodeEntries,
  type EntryChoice,
  findTail,
  freshDecoding,
  stampOf,
} from "../../../../src/engine/containers/logs/entries.ts";

const stamp = (second: number) => `2026-11-23T21:47:${String(second).padStart(2, "0")}.000000001+00:00`;
const log = (...entries: readonly [number, "stdout" | "stderr", "F" | "P", string][]) =>
  Buffer.from(entries.map(([second, stream, tag, text]) => `${stamp(second)} ${stream} ${tag} ${text}\n`).join(""));
const all: EntryChoice = { stdout: true, stderr: true, timestamps: false, details: false };
const read = (bytes: Buffer, choice: Partial<EntryChoice> = {}) =>
  decodeEntries(bytes, { ...all, ...choice }, freshDecoding()).map(({ stream, data }) => `${stream}:${data}`);

const sample = log(
  [1, "stdout", "F", "one"],
  [2, "stdout", "F", ""],
  [3, "stderr", "P", "tw"],
  [4, "stderr", "F", "o"],
  [5, "stdout", "P", "prompt> "],
);

describe("the entries of a log", () => {
  it("give back the bytes that were written: a newline belongs to full entries only", () => {
    expect(read(sample)).toEqual(["stdout:one\n\n", "stderr:two\n", "stdout:prompt> "]);
  });

  it("may be those of one stream", () => {
    expect(read(sample, { stdout: false })).toEqual(["stderr:two\n"]);
    expect(read(sample, { stderr: false })).toEqual(["stdout:one\n\nprompt> "]);
  });

  it("may be those of some time", () => {
    expect(read(sample, { since: stamp(2), until: stamp(3) })).toEqual(["stdout:\n", "stderr:tw"]);
  });

  it("have their time in front of each line, once, and a frame each", () => {
    expect(read(sample, { timestamps: true })).toEqual([
      "stdout:2026-11-23T21:47:01.000000001Z one\n",
      "stdout:2026-11-23T21:47:02.000000001Z \n",
      "stderr:2026-11-23T21:47:03.000000001Z two\n",
      "stdout:2026-11-23T21:47:05.000000001Z prompt> ",
    ]);
  });

  it("that are torn are passed over", () => {
    const torn = Buffer.concat([
      log([1, "stdout", "F", "a"]),
      Buffer.from("2026-11-23T2\n\0\0\0\n"),
      log([2, "stdout", "F", "b"]),
    ]);
    expect(read(torn)).toEqual(["stdout:a\nb\n"]);
  });

  it("keep bytes that are no text", () => {
    const bytes = Buffer.concat([
      Buffer.from(`${stamp(1)} stdout F `),
      Buffer.from([0xff, 0x00, 0x0d]),
      Buffer.from("\n"),
    ]);
    expect(decodeEntries(bytes, all, freshDecoding())[0]?.data).toEqual(Buffer.from([0xff, 0x00, 0x0d, 0x0a]));
  });
});

describe("the tail of a log", () => {
  it.each([
    [0, []],
    [1, ["stdout:prompt> "]],
    [2, ["stderr:two\n", "stdout:prompt> "]],
    [3, ["stdout:\n", "stderr:two\n", "stdout:prompt> "]],
  ])("of %i lines", (count, expected) => {
    expect(read(sample.subarray(findTail(sample, count)))).toEqual(expected);
  });

  it("of more lines than there are is all", () => {
    expect(findTail(sample, 4)).toBeUndefined();
    expect(findTail(Buffer.alloc(0), 4)).toBeUndefined();
  });
});

it("a time becomes a stamp that sorts with those of the log", () => {
  expect(stampOf(1_764_000_000_000_000_042n)).toBe("2025-11-24T16:00:00.000000042+00:00");
});
