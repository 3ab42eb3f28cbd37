/** Digests of content, and the identity of a stack of layers. Pure. */

import { createHash } from "node:crypto";

/** `sha256:<64 hexadecimal digits>` */
export function digestOf(content: string | Uint8Array): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

export const isDigest = (text: string): boolean => /^sha256:[0-9a-f]{64}$/.test(text);

/** The digits of a digest. */
export const hexOf = (digest: string): string => digest.slice(digest.indexOf(":") + 1);

/** As docker shows IDs: the first twelve digits. */
export const shortId = (digest: string): string => hexOf(digest).slice(0, 12);

/** A stack of layers is named by the chain of their digests. Source: OCI image-spec, config.md, "Layer ChainID". */
export function chainIdOf(parent: string | undefined, diffId: string): string {
  return parent === undefined ? diffId : digestOf(`${parent} ${diffId}`);
}

/** The chain ID of each layer of an image, the lowest first. */
export function chainIdsOf(diffIds: readonly string[]): readonly string[] {
  const chain: string[] = [];
  for (const diffId of diffIds) chain.push(chainIdOf(chain.at(-1), diffId));
  return chain;
}
