import { isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress, formatSubnet, overlap, parseAddress, parseSubnet } from "../../src/network/address.ts";

describe("addresses", () => {
  it.each([
    ["10.0.0.1", "10.0.0.1"],
    ["fd00:0:0:0:0:0:0:1", "fd00::1"],
    ["2001:DB8::A:0:0:1", "2001:db8::a:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["::ffff:10.0.0.1", "::ffff:a00:1"],
    ["::", "::"],
  ])("are read and written in their shortest form: %s", (text, expected) => {
    const address = parseAddress(text);
    expect(address === undefined ? undefined : formatAddress(address)).toBe(expected);
  });

  it.each(["", "10.0.0", "10.0.0.256", "fe80::1%eth0", "localhost", "1.2.3.4; flush ruleset", "::1\n"])(
    "are nothing else: %j",
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );

  it("come back as they were written", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const address = parseAddress(text);
        if (address === undefined) return expect(isIPv6(text)).toBe(false);
        expect(parseAddress(formatAddress(address))).toEqual(address);
      }),
    );
  });
});

describe("subnets", () => {
  it.each(["10.0.0.0/33", "10.0.0.0", "10.0.0.0/", "10.0.0.0/-1", "fd00::/129", "x/8", "10.0.0.0/8/8"])(
    "are not %j",
    (text) => {
      expect(parseSubnet(text)).toBeUndefined();
    },
  );

  it("drop what is behind the prefix", () => {
    const subnet = parseSubnet("10.1.2.3/16");
    expect(subnet === undefined ? undefined : formatSubnet(subnet)).toBe("10.1.0.0/16");
  });

  it("overlap where one holds the other, and never across families", () => {
    const [large, small, other, v6] = ["10.0.0.0/8", "10.9.0.0/16", "11.0.0.0/8", "::/0"].map(parseSubnet);
    if (!large || !small || !other || !v6) throw new Error("not read");
    expect([overlap(large, small), overlap(small, large), overlap(large, other), overlap(large, v6)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
