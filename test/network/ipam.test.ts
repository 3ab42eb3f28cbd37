import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress, formatSubnet, parseAddress, parseSubnet, type Subnet } from "../../src/network/address.ts";
import { type AddressPool, nextAddress } from "../../src/network/ipam.ts";
import { defaultPools, localPool, pickSubnet } from "../../src/network/pools.ts";

const subnet = (text: string): Subnet => {
  const read = parseSubnet(text);
  if (read === undefined) throw new Error(`not a subnet: ${text}`);
  return read;
};

/** Every address that a pool gives, until it has none. */
function takeAll(pool: AddressPool): string[] {
  const taken = new Set<bigint>();
  for (;;) {
    const address = nextAddress(pool, taken);
    if (address === undefined) return [...taken].map((value) => formatAddress({ family: pool.subnet.family, value }));
    taken.add(address.value);
  }
}

const pool = (text: string, more: Partial<AddressPool> = {}): AddressPool => ({
  subnet: subnet(text),
  reserved: [],
  ...more,
});

describe("the addresses of a network", () => {
  it("are given from the lowest on, without the gateway, what is reserved, and the ends", () => {
    const gateway = parseAddress("10.0.0.1");
    const reserved = [parseAddress("10.0.0.3")].flatMap((address) => address ?? []);
    expect(takeAll(pool("10.0.0.0/29", { ...(gateway && { gateway }), reserved }))).toEqual([
      "10.0.0.2",
      "10.0.0.4",
      "10.0.0.5",
      "10.0.0.6",
    ]);
  });

  it("come from the range where there is one, of which only the subnet's ends are special", () => {
    expect(takeAll(pool("10.0.0.0/24", { range: subnet("10.0.0.8/30") }))).toEqual([
      "10.0.0.8",
      "10.0.0.9",
      "10.0.0.10",
      "10.0.0.11",
    ]);
    expect(takeAll(pool("10.0.0.0/24", { range: subnet("10.0.0.252/30") }))).toEqual([
      "10.0.0.252",
      "10.0.0.253",
      "10.0.0.254",
    ]);
  });

  it("are all there is of the smallest subnets", () => {
    expect(takeAll(pool("10.0.0.0/31"))).toEqual(["10.0.0.0", "10.0.0.1"]);
    expect(takeAll(pool("fd00::/126"))).toEqual(["fd00::1", "fd00::2", "fd00::3"]);
  });
});

describe("the subnet of a network that asks for none", () => {
  const pick = (family: 4 | 6, used: readonly string[]) => {
    const found = pickSubnet(family, [...defaultPools, localPool("0123456789")], used.map(subnet));
    return found === undefined ? undefined : formatSubnet(found);
  };

  it("is the first of docker's pools that nobody uses", () => {
    expect(pick(4, [])).toBe("172.17.0.0/16");
    expect(pick(4, ["172.17.0.0/16", "172.18.5.0/24"])).toBe("172.19.0.0/16");
    expect(pick(4, ["172.16.0.0/12"])).toBe("192.168.0.0/20");
    expect(pick(4, ["172.16.0.0/12", "192.168.16.0/28"])).toBe("192.168.0.0/20");
    expect(pick(4, ["172.16.0.0/12", "192.168.0.0/16"])).toBeUndefined();
    expect(pick(4, ["0.0.0.0/1", "128.0.0.0/1"])).toBeUndefined();
  });

  it("is of the engine's own for IPv6", () => {
    expect(pick(6, [])).toBe("fd01:2345:6789::/64");
    expect(pick(6, ["fd01:2345:6789::/64"])).toBe("fd01:2345:6789:1::/64");
  });

  it("never overlaps what is used", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 16, max: 31 }), fc.integer({ min: 12, max: 24 }))), (uses) => {
        const used = uses.map(([second, length]) => `172.${second}.0.0/${length}`);
        const found = pick(4, used);
        const inside = (text: string) =>
          used.map(subnet).some((other) => {
            const mine = subnet(text);
            return (
              mine.first <= other.first + (1n << BigInt(32 - other.length)) - 1n &&
              other.first <= mine.first + (1n << BigInt(32 - mine.length)) - 1n
            );
          });
        expect(found === undefined || !inside(found)).toBe(true);
      }),
    );
  });
});
