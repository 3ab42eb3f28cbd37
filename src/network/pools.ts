/** Which subnet a network gets that asks for none. */

import { type Family, overlap, parseSubnet, type Subnet, sizeOf } from "./address.ts";

/** A block that is cut into subnets of one size. */
export interface Pool {
  readonly base: Subnet;
  /** The prefix length of the pieces. */
  readonly size: number;
}

/** dockerd's own: https://docs.docker.com/engine/network/#automatic-subnet-allocation */
export const defaultPools: readonly Pool[] = [
  pool("172.17.0.0/16", 16),
  pool("172.18.0.0/16", 16),
  pool("172.19.0.0/16", 16),
  pool("172.20.0.0/14", 16),
  pool("172.24.0.0/14", 16),
  pool("172.28.0.0/14", 16),
  pool("192.168.0.0/16", 20),
];

/** The unique local /48 of one engine (RFC 4193), cut into /64: `seed` is 10 hexadecimal digits that only it has. */
export const localPool = (seed: string): Pool =>
  pool(`fd${seed.slice(0, 2)}:${seed.slice(2, 6)}:${seed.slice(6, 10)}::/48`, 64);

function pool(base: string, size: number): Pool {
  const subnet = parseSubnet(base);
  if (subnet === undefined) throw new Error(`not a subnet: ${base}`);
  return { base: subnet, size };
}

/** The first piece of the pools that overlaps nothing in use; undefined where all are taken. */
export function pickSubnet(family: Family, pools: readonly Pool[], used: readonly Subnet[]): Subnet | undefined {
  for (const { base, size } of pools) {
    if (base.family !== family) continue;
    const step = sizeOf({ ...base, length: size });
    for (let first = base.first; first < base.first + sizeOf(base); first += step) {
      const piece: Subnet = { family, first, length: size };
      const inTheWay = used.find((subnet) => overlap(subnet, piece));
      if (inTheWay === undefined) return piece;
      // Nothing inside of a larger subnet in use can be free.
      if (sizeOf(inTheWay) > step) first += ((inTheWay.first + sizeOf(inTheWay) - first) / step - 1n) * step;
    }
  }
  return undefined;
}
