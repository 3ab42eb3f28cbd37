import { describe, expect, it } from "vitest";
import type { Health } from "../../../../src/engine/api.ts";
import {
  afterProbe,
  type Check,
  readCheck,
  unknownHealth,
  waitBeforeProbe,
} from "../../../../src/engine/containers/health/judge.ts";

const second = 1_000_000_000;
const check = readCheck({ Test: ["CMD", "true"], Interval: 10 * second, StartPeriod: 5 * second, Retries: 2 }) as Check;
const probe = (exitCode: number, after: number) => ({ start: "s", end: "e", after, exitCode, output: `${exitCode}` });
const course = (...results: readonly [number, number][]) => {
  const states: string[] = [];
  let health: Health = unknownHealth;
  for (const [exitCode, after] of results) {
    health = afterProbe(check, health, probe(exitCode, after));
    states.push(`${health.Status} ${health.FailingStreak}`);
  }
  return { states, health };
};

describe("a check", () => {
  it("has docker's defaults", () => {
    expect(readCheck({ Test: ["CMD-SHELL", "test -e /x"] })).toEqual({
      command: { shell: "test -e /x" },
      interval: 30_000,
      timeout: 30_000,
      startPeriod: 0,
      startInterval: 5_000,
      retries: 3,
    });
  });

  it.each([[null], [undefined], [{}], [{ Test: [] }], [{ Test: ["NONE"] }]])("is none: %j", (config) => {
    expect(readCheck(config)).toBeUndefined();
  });
});

describe("a container", () => {
  it("is unhealthy after so many failures in a row as may be tried again, and healthy at the first success", () => {
    expect(course([1, 6000], [1, 7000], [1, 8000], [0, 9000]).states).toEqual([
      "starting 1",
      "unhealthy 2",
      "unhealthy 3",
      "healthy 0",
    ]);
  });

  it("stays starting while it fails in its start period; a success ends that", () => {
    expect(course([1, 1000], [1, 2000], [1, 4999], [1, 5000]).states.at(-1)).toBe("starting 1");
    expect(course([0, 1000], [1, 2000], [1, 3000]).states).toEqual(["healthy 0", "healthy 1", "unhealthy 2"]);
  });

  it("keeps the last five results", () => {
    const { health } = course([0, 1], [1, 2], [1, 3], [1, 4], [1, 5], [7, 6]);
    expect(health.Log?.map(({ ExitCode }) => ExitCode)).toEqual([1, 1, 1, 1, 7]);
  });

  it("is probed more often while it starts", () => {
    expect(waitBeforeProbe(check, unknownHealth, 0)).toBe(5000);
    expect(waitBeforeProbe(check, unknownHealth, 5000)).toBe(10_000);
    expect(waitBeforeProbe(check, { Status: "healthy", FailingStreak: 0 }, 0)).toBe(10_000);
  });
});
