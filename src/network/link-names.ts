/** Names of kernel objects, made from IDs: what the kernel holds can be compared with what it should hold. */

import { createHash } from "node:crypto";
import type { Address } from "./address.ts";
import { formatAddress } from "./address.ts";
import type { Owner } from "./model.ts";

/** IFNAMSIZ leaves 15 bytes. */
export const longestLinkName = 15;

/** What the kernel takes as a link's name and neither `ip` nor `nft` reads as anything else (dev_valid_name). */
export const isLinkName = (name: string): boolean =>
  /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name) && name.length <= longestLinkName && !["all", "default"].includes(name);

/** `gt-` and the first 12 digits of the network's ID. */
export const bridgeLink = (network: string): string => `gt-${network.slice(0, 12)}`;

/** The host's side of an endpoint: `gv-` and the first 12 digits of its ID. */
export const hostLink = (endpoint: string): string => `gv-${endpoint.slice(0, 12)}`;

/** The mark of the engine that owns a data root. */
export function ownerOf(dataRoot: string): Owner {
  const tag = createHash("sha256").update(dataRoot).digest("hex").slice(0, 8);
  // An even number; the next one marks links that are about to go. Small groups are the administrator's.
  return { tag, group: 0x10000000 + (Number.parseInt(tag.slice(0, 7), 16) & 0xffffffe) };
}

/** A locally administered address made from an IPv4 address, as docker's: the neighbours' caches stay true. */
export function macFor(address: Address | undefined, endpoint: string): string {
  const bytes =
    address?.family === 4
      ? formatAddress(address)
          .split(".")
          .map((byte) => Number(byte).toString(16).padStart(2, "0"))
      : [0, 2, 4, 6].map((at) => endpoint.slice(at, at + 2));
  return ["02", "42", ...bytes].join(":");
}
