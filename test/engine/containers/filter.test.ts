import { describe, expect, it } from "vitest";
import type { Filters } from "../../../src/engine/api.ts";
import { containerFilter } from "../../../src/engine/containers/filter.ts";
import { parseUntil } from "../../../src/engine/containers/lifecycle.ts";
import { created, ended, started } from "../../../src/engine/containers/state.ts";
import { container } from "./record.ts";

const one = container({
  config: { Labels: { a: "b" }, ExposedPorts: { "80/tcp": {} } },
  state: ended(created, { exitCode: 3, oomKilled: false, at: "2026-01-01T00:00:01Z", restart: false }),
});
const passes = (filters: Filters, record = one) =>
  containerFilter(filters, { find: () => one, imageOf: (name) => (name === "busybox" ? one.image.id : undefined) })(
    record,
  );

describe("the filters of the list", () => {
  it.each<[Filters, boolean]>([
    [{}, true],
    [{ name: ["hop"] }, true],
    [{ name: ["^/brave"] }, true],
    [{ name: ["^hopper"] }, false],
    [{ name: ["nobody", "brave"] }, true],
    [{ id: ["aaa"] }, true],
    [{ label: ["a"] }, true],
    [{ label: ["a=b", "c"] }, false],
    [{ label: ["toString"] }, false],
    [{ status: ["running", "exited"] }, true],
    [{ status: ["running"] }, false],
    [{ exited: ["3"] }, true],
    [{ exited: ["0"] }, false],
    [{ ancestor: ["busybox"] }, true],
    [{ ancestor: ["other"] }, false],
    [{ network: ["bridge"] }, true],
    [{ expose: ["79-81"] }, true],
    [{ publish: ["80"] }, false],
    [{ "is-task": ["true"] }, false],
    [{ since: ["x"] }, false],
  ])("%j lets the container through: %s", (filters, expected) => expect(passes(filters)).toBe(expected));

  it("refuses keys that there are not, and values that make no sense", () => {
    for (const filters of [{ nope: ["x"] }, { status: ["asleep"] }, { exited: ["x"] }, { publish: ["http"] }]) {
      expect(() => passes(filters)).toThrowError(expect.objectContaining({ status: 400 }));
    }
  });

  it("is not kept busy by a hostile pattern", () => {
    expect(passes({ name: ["(a+)+$"] }, container({ name: "a".repeat(200) }))).toBe(false);
  });

  it("knows published ports of what runs", () => {
    const sandbox = {
      id: one.id,
      name: one.name,
      hostname: "h",
      netns: "/n",
      endpoints: {},
      links: {},
      ports: { "80/tcp": [{ HostIp: "0.0.0.0", HostPort: "8080" }] },
      request: {
        id: one.id,
        name: one.name,
        hostname: "h",
        endpoints: {},
        ports: {},
        extraHosts: [],
        sysctls: {},
        files: "/f",
      },
    };
    const running = container({
      state: started(created, { run: { sandbox }, at: "2026-01-01T00:00:00Z", byCall: true, health: undefined }),
    });
    expect(passes({ publish: ["8080"] }, running)).toBe(true);
    // As dockerd: the container's own port is not a published one.
    expect(passes({ publish: ["80"] }, running)).toBe(false);
  });
});

describe("the time of a prune", () => {
  it("is a moment, or so long ago", () => {
    expect(parseUntil("1700000000", 0)).toBe(1_700_000_000_000);
    expect(parseUntil("1h30m", 10_000_000)).toBe(10_000_000 - 5_400_000);
    expect(parseUntil("2026-01-01T00:00:00Z", 0)).toBe(Date.UTC(2026, 0, 1));
    expect(() => parseUntil("soon", 0)).toThrowError("invalid filter 'until=soon'");
  });
});
