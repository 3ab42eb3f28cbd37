/** A small blob as a whole: a config, or a file of an artifact. */

import { digestOf, isDigest } from "../digest.ts";
import { internal } from "../refusal.ts";
import { type Described, fetchBlob } from "./fetch-blob.ts";
import type { Registry } from "./open-registry.ts";

const largest = 16 * 1024 * 1024;

/** Its bytes, checked against its digest. EngineError 500 for other bytes, and for more than 16 MiB. */
export async function readBlob(
  registry: Registry,
  repository: string,
  described: Described,
  signal: AbortSignal = new AbortController().signal,
): Promise<Buffer> {
  const { digest, size } = described;
  if (!isDigest(digest)) throw internal(`"${digest}" is not a sha256 digest`);
  if (size > largest) throw internal(`${digest} of ${repository} is larger than ${largest / 1024 ** 2} MiB`);
  const chunks: Buffer[] = [];
  for await (const chunk of fetchBlob(registry, repository, described, signal)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (digestOf(bytes) !== digest) {
    throw internal(`the registry sent ${digestOf(bytes)} where ${digest} of ${repository} was asked for`);
  }
  return bytes;
}
