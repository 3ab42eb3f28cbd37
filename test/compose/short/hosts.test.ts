import { describe, expect, it } from "vitest";
import { parseHosts } from "../../../src/compose/short/hosts.ts";

describe("further hosts in a list", () => {
  it.each([
    [["a=1.1.1.1"], [["a", ["1.1.1.1"]]]],
    [["a:1.1.1.1"], [["a", ["1.1.1.1"]]]],
    [["a=::1"], [["a", ["::1"]]]],
    [["a:::1"], [["a", ["::1"]]]],
    [["a:[::1]"], [["a", ["::1"]]]],
    [["a=[::1]"], [["a", ["::1"]]]],
    [["a=1.1.1.1,2.2.2.2"], [["a", ["1.1.1.1", "2.2.2.2"]]]],
    [
      ["a=1.1.1.1", "b=host-gateway", "a:2.2.2.2"],
      [
        ["a", ["1.1.1.1", "2.2.2.2"]],
        ["b", ["host-gateway"]],
      ],
    ],
    [["__proto__=1.1.1.1"], [["__proto__", ["1.1.1.1"]]]],
  ])("%j", (items, hosts) => {
    expect([...(parseHosts(items).value ?? [])]).toEqual(hosts);
  });

  it.each([
    ["a", "invalid additional host, missing IP: a"],
    ["=1.1.1.1", "bad host name ''"],
    ["a:b=1.1.1.1", "bad host name 'a:b'"],
  ])("%j is refused: %s", (item, error) => {
    expect(parseHosts([item]).error).toBe(error);
  });
});
