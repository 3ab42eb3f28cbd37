import { describe, expect, it } from "vitest";
import type { Filters, NetworkResource } from "../../../src/engine/api.ts";
import { networkFilter, pruneFilter } from "../../../src/engine/networks/filter.ts";

const network = (Name: string, more: Partial<NetworkResource> = {}): NetworkResource => ({
  Name,
  Id: `${Name}-id`,
  Driver: "bridge",
  Scope: "local",
  Created: "2026-11-25T10:00:00Z",
  Containers: {},
  ...more,
});
const all = [
  network("bridge"),
  network("host", { Driver: "host" }),
  network("shop_front", { Labels: { a: "1", b: "2" } }),
  network("shop_back", { Labels: { a: "1" }, Containers: { c: { Name: "c", EndpointID: "e" } } }),
];
const now = Date.parse("2026-11-25T12:00:00Z") / 1000;
const names = (keep: (network: NetworkResource) => boolean) => all.filter(keep).map(({ Name }) => Name);

describe("a list of networks", () => {
  it.each<[Filters, string[]]>([
    [{}, ["bridge", "host", "shop_front", "shop_back"]],
    [{ name: ["shop"] }, ["shop_front", "shop_back"]],
    [{ name: ["front", "host"] }, ["host", "shop_front"]],
    [{ id: ["back-id"] }, ["shop_back"]],
    [{ driver: ["host"] }, ["host"]],
    [{ label: ["a=1", "b"] }, ["shop_front"]],
    [{ label: ["constructor"] }, []],
    [{ type: ["custom"] }, ["shop_front", "shop_back"]],
    [{ type: ["builtin"] }, ["bridge", "host"]],
    [{ dangling: ["true"] }, ["shop_front"]],
    [{ dangling: ["0"] }, ["bridge", "host", "shop_back"]],
    [{ scope: ["swarm"] }, []],
  ])("for %j", (filters, expected) => {
    expect(names(networkFilter(filters))).toEqual(expected);
  });

  it.each<[Filters, string]>([
    [{ foo: ["x"] }, "invalid filter 'foo'"],
    [{ dangling: ["x"] }, 'invalid value for filter \'dangling\', must be "true" (or "1"), or "false" (or "0")'],
    [{ type: ["x"] }, "invalid filter: 'type'='x'"],
  ])("refuses %j", (filters, message) => {
    expect(() => networkFilter(filters)).toThrow(message);
  });
});

describe("a prune of networks", () => {
  it.each<[Filters, string[]]>([
    [{}, ["shop_front"]],
    [{ until: ["3h"] }, []],
    [{ until: ["1h30m"] }, ["shop_front"]],
    [{ until: ["2026-11-25T09:00:00Z"] }, []],
    [{ "label!": ["b"] }, []],
  ])("for %j", (filters, expected) => {
    expect(names(pruneFilter(filters, now))).toEqual(expected);
  });

  it("refuses what is no time", () => {
    expect(() => pruneFilter({ until: ["x"] }, now)).toThrow('failed to parse value as time or duration: "x"');
  });
});
