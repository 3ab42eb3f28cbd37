import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { watchProcesses } from "../../../../src/engine/containers/runtime/watch-processes.ts";

describe("a watch over processes", () => {
  it("tells of each when it has ended, and of one that is gone already at once", async () => {
    const gone = spawn("true");
    await once(gone, "exit");
    const living = spawn("sleep", ["100"]);
    await once(living, "spawn");
    const told: number[] = [];
    const waiting: (() => void)[] = [];
    const watch = watchProcesses(
      [gone.pid ?? 0, living.pid ?? 0],
      (pid) => {
        told.push(pid);
        waiting.shift()?.();
      },
      (reason) => told.push(Number.NaN, reason.length),
    );
    if (told.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    expect(told).toEqual([gone.pid]);
    living.kill("SIGKILL");
    if (told.length === 1) await new Promise<void>((resolve) => waiting.push(resolve));
    expect(told).toEqual([gone.pid, living.pid]);
    watch.close();
  });
});
