import { describe, expect, it } from "vitest";
import { restartDelay, restartsAfter, restartsWithDaemon } from "../../../src/engine/containers/restart-policy.ts";

const end = { exitCode: 1, restartCount: 0, stoppedByCall: false };

describe("a restart policy", () => {
  it("starts a container again after its end as it says, but not one that a call stopped", () => {
    const restarts = (Name: string, more = {}) => restartsAfter({ Name }, { ...end, ...more });
    expect([restarts("no"), restarts("always"), restarts("unless-stopped"), restarts("on-failure")]).toEqual([
      false,
      true,
      true,
      true,
    ]);
    expect(restarts("on-failure", { exitCode: 0 })).toBe(false);
    expect(restarts("always", { stoppedByCall: true })).toBe(false);
    const twice = { Name: "on-failure", MaximumRetryCount: 2 };
    expect([1, 2].map((restartCount) => restartsAfter(twice, { ...end, restartCount }))).toEqual([true, false]);
  });

  it("starts a container with the daemon: always if it ever ran, unless-stopped unless a call stopped it", () => {
    const stopped = { ...end, stoppedByCall: true, ran: false, begun: true };
    expect(restartsWithDaemon({ Name: "always" }, stopped)).toBe(true);
    expect(restartsWithDaemon({ Name: "unless-stopped" }, stopped)).toBe(false);
    expect(restartsWithDaemon({ Name: "unless-stopped" }, { ...end, ran: false, begun: true })).toBe(true);
    expect(restartsWithDaemon({ Name: "on-failure" }, { ...end, ran: true, begun: true })).toBe(true);
    expect(restartsWithDaemon({ Name: "on-failure" }, { ...end, ran: false, begun: true })).toBe(false);
    expect(restartsWithDaemon({ Name: "always" }, { ...end, ran: false, begun: false })).toBe(false);
  });

  it("waits longer and longer, to a minute, and begins anew after a run of 10 s", () => {
    let delay = 0;
    const delays = Array.from({ length: 12 }, () => (delay = restartDelay(delay, 50)));
    expect(delays.slice(0, 4)).toEqual([100, 200, 400, 800]);
    expect(delays.at(-1)).toBe(60_000);
    expect(restartDelay(60_000, 10_000)).toBe(100);
  });
});
