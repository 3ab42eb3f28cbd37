import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openBatcher } from "../../src/watch/batcher.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pace = { quiet: 20, most: 100 };

it("hands over what came, each once, when it was quiet long enough", async () => {
  const batches: string[][] = [];
  const batcher = openBatcher<string>(pace, async (items) => void batches.push([...items]));
  for (const item of ["a", "b", "a"]) batcher.add(item);
  await vi.advanceTimersByTimeAsync(19);
  expect(batches).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(batches).toEqual([["a", "b"]]);
});

it("ends a batch of what never becomes quiet", async () => {
  const batches: number[] = [];
  const batcher = openBatcher<number>(pace, async (items) => void batches.push(items.size));
  for (let i = 0; i < 30; i++) {
    batcher.add(i);
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(batches.length).toBeGreaterThanOrEqual(2);
});

it("keeps what comes while a batch is worked on for the next one, and hands over nothing once closed", async () => {
  const batches: string[][] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const batcher = openBatcher<string>(pace, async (items) => {
    batches.push([...items]);
    await promise;
  });
  batcher.add("first");
  await vi.advanceTimersByTimeAsync(20);
  batcher.add("second");
  await vi.advanceTimersByTimeAsync(500);
  expect(batches).toEqual([["first"]]);
  resolve();
  await vi.advanceTimersByTimeAsync(100);
  expect(batches).toEqual([["first"], ["second"]]);
  batcher.add("third");
  batcher.close();
  await vi.advanceTimersByTimeAsync(500);
  expect(batches).toHaveLength(2);
});
