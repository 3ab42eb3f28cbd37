/** Content from a registry: resumed where a connection broke, and checked against its digest by whoever stores it. */

import { EngineError } from "../../errors.ts";
import { internal } from "../refusal.ts";
import { answerOf, isWebPage, readFailure } from "./failure.ts";
import type { Registry } from "./open-registry.ts";
import { pauseBefore } from "./patiently.ts";
import { shownUrl } from "./shown-url.ts";

/** What a manifest says of a blob; `size` in bytes. */
export interface Described {
  readonly digest: string;
  readonly size: number;
}

/** Without a byte in between. */
const mostResumptions = 5;

/**
 * The bytes of a blob, exactly as many as its descriptor says. Throws EngineError 500 for fewer or more, and where the
 * registry gives up; the digest is for the reader to check.
 */
export async function* fetchBlob(
  registry: Registry,
  repository: string,
  { digest, size }: Described,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  let received = 0;
  for (let tries = 1; ; tries++) {
    const response = await registry.request({
      method: "GET",
      path: `/v2/${repository}/blobs/${digest}`,
      scope: { repository, actions: ["pull"] },
      headers: received === 0 ? {} : { Range: `bytes=${received}-` },
    });
    const { status } = response;
    if (status !== 200 && status !== 206) {
      throw internal(`the registry does not give ${digest} of ${repository}: ${answerOf(await readFailure(response))}`);
    }
    const url = shownUrl(response.url);
    if (isWebPage(response)) {
      response.discard();
      throw internal(
        `the registry does not give ${digest} of ${repository}: ${url} answers with a web page; a proxy or a log-in page may answer in its place`,
      );
    }
    const offset = status === 206 ? rangeStart(response.header("content-range")) : 0;
    // A registry that cannot resume sends all of it again: what we have is skipped.
    let skip = received - offset;
    if (skip < 0) {
      response.discard();
      throw internal(`${url} sent another part of ${digest} than it was asked for; pull again`);
    }
    try {
      for await (const chunk of response.body) {
        const skipped = Math.min(skip, chunk.length);
        skip -= skipped;
        const fresh = skipped === 0 ? chunk : chunk.subarray(skipped);
        if (fresh.length === 0) continue;
        received += fresh.length;
        tries = 1;
        if (received > size) {
          throw internal(
            `${digest} of ${repository} is longer than the ${size} bytes that its manifest says (${url}); push the image again`,
          );
        }
        yield fresh;
      }
      if (received === size) return;
      throw new Error(`it ended after ${received} of ${size} bytes`);
    } catch (error) {
      if (signal.aborted || error instanceof EngineError) throw error;
      if (tries > mostResumptions) {
        const reason = error instanceof Error ? error.message : String(error);
        throw internal(
          `${digest} of ${repository} did not come whole, although it was resumed ${mostResumptions} times: ${reason} (${url}); try again later`,
          error,
        );
      }
    } finally {
      response.discard();
    }
    await pauseBefore(tries, registry.patience);
  }
}

function rangeStart(header: string | undefined): number {
  const [, start] = /^bytes ([0-9]+)-/.exec(header ?? "") ?? [];
  return start === undefined ? 0 : Number(start);
}
