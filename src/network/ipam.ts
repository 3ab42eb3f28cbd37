/** Addresses of a network: which are free, and which one is next. Leases are the endpoints that there are, never stored. */

import { type Address, bitsOf, contains, lastOf, type Subnet } from "./address.ts";

/** One subnet of a network as the network has it. */
export interface AddressPool {
  readonly subnet: Subnet;
  /** Addresses that nobody asks for are taken from here; absent: the whole subnet. */
  readonly range?: Subnet;
  readonly gateway?: Address;
  /** Addresses that somebody outside uses. */
  readonly reserved: readonly Address[];
}

/** The address is none of a host: IPv4's network and broadcast address, IPv6's subnet-router anycast (RFC 4291, 2.6.1). */
export function isSpecial(subnet: Subnet, { value }: Address): boolean {
  if (bitsOf(subnet.family) - subnet.length < 2) return false;
  return value === subnet.first || (subnet.family === 4 && value === lastOf(subnet));
}

/** The lowest address that is not in use; undefined where there is none. */
export function nextAddress(pool: AddressPool, inUse: ReadonlySet<bigint>): Address | undefined {
  const { first, family } = pool.range ?? pool.subnet;
  const last = lastOf(pool.range ?? pool.subnet);
  for (let value = first; value <= last; value++) {
    const address: Address = { family, value };
    if (!inUse.has(value) && !isTaken(pool, address)) return address;
  }
  return undefined;
}

/** The pool itself needs the address: no endpoint can have it. */
export const isTaken = ({ subnet, gateway, reserved }: AddressPool, address: Address): boolean =>
  isSpecial(subnet, address) ||
  gateway?.value === address.value ||
  reserved.some(({ value }) => value === address.value);

/** The pool that an address belongs to. */
export const poolOf = (pools: readonly AddressPool[], address: Address): AddressPool | undefined =>
  pools.find(({ subnet }) => contains(subnet, address));
