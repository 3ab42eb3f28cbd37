import { describe, expect, it } from "vitest";
import type { EngineEvent } from "../../../src/engine/api.ts";
import { openEventLog } from "../../../src/engine/daemon/event-log.ts";
import { answerEvents, parseTime, passesFilters } from "../../../src/engine/daemon/events.ts";

const container: EngineEvent = {
  Type: "container",
  Action: "health_status: healthy",
  Actor: { ID: "abcdef123456", Attributes: { name: "web", image: "shop/web:2", "com.example.tier": "front" } },
  time: 1,
  timeNano: 1,
};

describe("an event passes", () => {
  it.each<[Record<string, string[]>, boolean]>([
    [{}, true],
    [{ type: ["network", "container"] }, true],
    [{ type: ["network"] }, false],
    [{ event: ["health_status"] }, true],
    [{ event: ["health_status: healthy"] }, true],
    [{ event: ["health"] }, false],
    [{ container: ["abc"] }, true],
    [{ container: ["web"] }, true],
    [{ container: ["we"] }, false],
    [{ image: ["shop/web"] }, true],
    [{ image: ["shop/web:2"] }, true],
    [{ image: ["shop"] }, false],
    [{ label: ["com.example.tier"] }, true],
    [{ label: ["com.example.tier=front", "com.example.tier=back"] }, false],
    [{ label: ["toString"] }, false],
    [{ network: ["web"] }, false],
    [{ node: ["x"] }, false],
  ])("the filters %j: %s", (filters, expected) => {
    expect(passesFilters(container, filters)).toBe(expected);
  });
});

describe("a time", () => {
  it.each([
    ["1700000000", 1_700_000_000_000_000_000n],
    ["1700000000.5", 1_700_000_000_500_000_000n],
    ["1700000000.123456789", 1_700_000_000_123_456_789n],
    ["2023-11-14T22:13:20Z", 1_700_000_000_000_000_000n],
  ])("%s", (text, nano) => expect(parseTime("since", text)).toBe(nano));

  it.each(["soon", "1.2.3", "2023-99-99T00:00:00Z", ""])("is none: %s", (text) => {
    expect(() => parseTime("since", text)).toThrow(expect.objectContaining({ status: 400 }));
  });
});

describe("the events", () => {
  const open = () => {
    let now = 0n;
    const clock = () => ++now * 1_000_000_000n;
    const log = openEventLog(clock);
    return { log, engine: answerEvents(log, () => now * 1_000_000_000n) };
  };

  it("of the past are told from `since` on, and end at an `until` that is past", async () => {
    const { log, engine } = open();
    for (const id of ["a", "b", "c", "d"]) log.publish("volume", "create", id, { driver: "local" });
    const seen: string[] = [];
    for await (const { Actor } of await engine.events({ since: "2", until: "3" })) seen.push(Actor.ID);
    expect(seen).toEqual(["b", "c"]);
  });

  it("are not lost between the call and the first look", async () => {
    const { log, engine } = open();
    const stop = new AbortController();
    const events = await engine.events({ filters: { type: ["network"] } }, { signal: stop.signal });
    log.publish("volume", "create", "v", {});
    log.publish("network", "create", "n", { type: "bridge", name: "x" });
    for await (const { Actor } of events) {
      expect(Actor).toEqual({ ID: "n", Attributes: { name: "x", type: "bridge" } });
      stop.abort();
    }
  });

  it("are refused a filter that is none", async () => {
    await expect(open().engine.events({ filters: { colour: ["red"] } })).rejects.toThrow("invalid filter 'colour'");
  });
});
