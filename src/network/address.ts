/** Addresses and subnets of IPv4 and IPv6 as numbers, and their text forms (RFC 5952 for IPv6). */

import { isIPv4, isIPv6 } from "node:net";

export type Family = 4 | 6;

export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** The addresses whose first `length` bits are those of `first`, which has zeros behind them. */
export interface Subnet {
  readonly family: Family;
  readonly first: bigint;
  readonly length: number;
}

export const bitsOf = (family: Family): number => (family === 4 ? 32 : 128);

/** Reads `10.0.0.1` or `fd00::1`; undefined for anything else, an IPv6 zone included. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: 4, value: readIPv4(text) };
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const [head = "", tail] = text.split("::");
  const left = readGroups(head);
  const right = tail === undefined ? [] : readGroups(tail);
  const zeros: bigint[] = tail === undefined ? [] : Array(8 - left.length - right.length).fill(0n);
  const value = [...left, ...zeros, ...right].reduce((sum, group) => (sum << 16n) | group, 0n);
  return { family: 6, value };
}

const readIPv4 = (text: string) => text.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);

/** The 16-bit groups of a part of an IPv6 address; the last one may be written as IPv4. */
function readGroups(text: string): bigint[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [BigInt(`0x${group}`)];
    const low = readIPv4(group);
    return [low >> 16n, low & 0xffffn];
  });
}

export function formatAddress({ family, value }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn));
  const { start, length } = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

function longestZeros(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

/** Reads `10.0.0.0/24`. Bits behind the prefix are dropped: compare with `formatSubnet` to find them. */
export function parseSubnet(text: string): Subnet | undefined {
  const [, head = "", digits = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseAddress(head);
  const length = Number(digits);
  if (address === undefined || digits === "" || length > bitsOf(address.family)) return undefined;
  return subnetOf(address, length);
}

export const formatSubnet = ({ family, first, length }: Subnet): string =>
  `${formatAddress({ family, value: first })}/${length}`;

/** The subnet of a prefix length that an address lies in. */
export function subnetOf({ family, value }: Address, length: number): Subnet {
  const behind = BigInt(bitsOf(family) - length);
  return { family, first: (value >> behind) << behind, length };
}

export const sizeOf = ({ family, length }: Subnet): bigint => 1n << BigInt(bitsOf(family) - length);

/** The highest address. */
export const lastOf = (subnet: Subnet): bigint => subnet.first + sizeOf(subnet) - 1n;

export const contains = (subnet: Subnet, { family, value }: Address): boolean =>
  subnet.family === family && value >= subnet.first && value <= lastOf(subnet);

export const overlap = (a: Subnet, b: Subnet): boolean =>
  a.family === b.family && a.first <= lastOf(b) && b.first <= lastOf(a);

/** The one inside lies wholly in the other. */
export const encloses = (outer: Subnet, inner: Subnet): boolean =>
  outer.family === inner.family && inner.first >= outer.first && lastOf(inner) <= lastOf(outer);

/** 127.0.0.0/8 or ::1. */
export const isLoopback = ({ family, value }: Address): boolean =>
  family === 4 ? value >> 24n === 127n : value === 1n;

/** 0.0.0.0 or ::. */
export const isUnspecified = ({ value }: Address): boolean => value === 0n;
