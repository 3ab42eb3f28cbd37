import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeByTime, type StampedPiece, splitStamps } from "../../src/ui/merge.ts";

async function* pieces(name: string, ...stamps: string[]): AsyncGenerator<readonly StampedPiece[]> {
  yield* batchesOf(
    1,
    stamps.map((stamp) => ({ name, stream: "stdout", stamp, data: Buffer.from(`${stamp}\n`) })),
  );
}

async function* batchesOf<T>(size: number, items: readonly T[]): AsyncGenerator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

async function order(...sources: AsyncIterable<readonly StampedPiece[]>[]): Promise<string[]> {
  return (await Array.fromAsync(mergeByTime(sources))).flat().map(({ name, stamp }) => `${name} ${stamp}`);
}

describe("mergeByTime", () => {
  it("orders the pieces of several containers by nanoseconds, and keeps equal ones as they came", async () => {
    const time = (nanoseconds: string) => `2026-11-24T05:00:00.${nanoseconds}Z`;
    expect(
      await order(
        pieces("a", time("000000001"), time("000000003")),
        pieces("b", time("000000002"), time("000000003"), time("000000004")),
        pieces("c"),
      ),
    ).toEqual([
      `a ${time("000000001")}`,
      `b ${time("000000002")}`,
      `a ${time("000000003")}`,
      `b ${time("000000003")}`,
      `b ${time("000000004")}`,
    ]);
  });

  it("gives the same order, however the pieces come in batches", async () => {
    const stamps = fc.array(fc.nat({ max: 20 }), { maxLength: 12 });
    const container = fc.record({ stamps, size: fc.integer({ min: 1, max: 5 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(container, { maxLength: 5 }), async (containers) => {
        const all = containers.map((each, place) =>
          each.stamps
            .toSorted((a, b) => a - b)
            .map((second, index) => ({
              name: `c${place}.${index}`,
              stream: "stdout" as const,
              stamp: `2026-11-24T05:00:${String(second).padStart(2, "0")}.000000000Z`,
              data: Buffer.from("x\n"),
            })),
        );
        const sources = all.map((each, place) => batchesOf(containers[place]?.size ?? 1, each));
        const expected = all.flat().toSorted((a, b) => (a.stamp === b.stamp ? 0 : a.stamp < b.stamp ? -1 : 1));
        expect(await order(...sources)).toEqual(expected.map(({ name, stamp }) => `${name} ${stamp}`));
      }),
    );
  });

  it("compares times with offsets and fewer digits", async () => {
    expect(
      await order(pieces("a", "2026-11-24T06:00:00.5+01:00"), pieces("b", "2026-11-24T05:00:00.499999999Z")),
    ).toEqual(["b 2026-11-24T05:00:00.499999999Z", "a 2026-11-24T06:00:00.5+01:00"]);
  });
});

describe("splitStamps", () => {
  async function* frames(...texts: string[]) {
    for (const text of texts) yield [{ stream: "stderr" as const, data: Buffer.from(text) }];
  }
  const read = async (tty: boolean, ...texts: string[]) =>
    (await Array.fromAsync(splitStamps("a", frames(...texts), tty)))
      .flat()
      .map(({ stream, stamp, data }) => [stream, stamp, `${data}`]);

  it("takes the stamp off each frame, also in the middle of a long line", async () => {
    expect(await read(false, "T1 begin", "T2 end\n", "T3 \n")).toEqual([
      ["stderr", "T1", "begin"],
      ["stderr", "T2", "end\n"],
      ["stderr", "T3", "\n"],
    ]);
  });

  it("takes the stamp off each line of a TTY, however the pieces are cut; its output is all stdout", async () => {
    expect(await read(true, "T1 o", "ne\r\nT2 tw", "o\r\nT3 rest")).toEqual([
      ["stdout", "T1", "one\r\n"],
      ["stdout", "T2", "two\r\n"],
      ["stdout", "T3", "rest"],
    ]);
  });
});
