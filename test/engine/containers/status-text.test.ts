import { describe, expect, it } from "vitest";
import type { StateRecord } from "../../../src/engine/containers/record.ts";
import { created, ended, paused, started } from "../../../src/engine/containers/state.ts";
import { humanDuration, statusText } from "../../../src/engine/containers/status-text.ts";
import { container } from "./record.ts";

const now = Date.parse("2026-01-01T01:00:00Z");
const text = (state: StateRecord) => statusText(container({ state }), now);
const running = started(created, { run: {}, at: "2026-01-01T00:55:00Z", byCall: true, health: undefined });

describe("a container's status in words", () => {
  it("follows its state", () => {
    expect(text(created)).toBe("Created");
    expect(text(running)).toBe("Up 5 minutes");
    expect(text(paused(running))).toBe("Up 5 minutes (Paused)");
    const end = { exitCode: 3, oomKilled: false, at: "2026-01-01T00:59:57Z", restart: false };
    expect(text(ended(running, end))).toBe("Exited (3) 3 seconds ago");
    expect(text(ended(running, { ...end, restart: true }))).toBe("Restarting (3) 3 seconds ago");
    expect(statusText(container({ phase: "removing" }), now)).toBe("Removal In Progress");
  });

  it("tells of its health while it runs", () => {
    const health = (Status: "starting" | "healthy") => ({ ...running, health: { Status, FailingStreak: 0 } });
    expect(text(health("starting"))).toBe("Up 5 minutes (health: starting)");
    expect(text(health("healthy"))).toBe("Up 5 minutes (healthy)");
  });
});

describe("a duration in words", () => {
  it.each([
    [0.4, "Less than a second"],
    [1.9, "1 second"],
    [59, "59 seconds"],
    [61, "About a minute"],
    [3599, "59 minutes"],
    [3600, "About an hour"],
    [47 * 3600, "47 hours"],
    [5 * 86_400, "5 days"],
    [20 * 86_400, "2 weeks"],
    [100 * 86_400, "3 months"],
    [800 * 86_400, "2 years"],
  ])("of %s seconds is %s", (seconds, words) => expect(humanDuration(seconds)).toBe(words));
});
