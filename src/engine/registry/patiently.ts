/** Trying again: what may pass by itself is waited for, as long as the other side says. Source: RFC 9110, 10.2.3. */

import { setTimeout as sleep } from "node:timers/promises";
import { EngineError } from "../../errors.ts";
import type { HttpResponse } from "./http.ts";

export interface Patience {
  /** Before the second try, milliseconds; doubled from try to try. */
  readonly pause: number;
  readonly signal?: AbortSignal | undefined;
}

export const usualPause = 500;
const mostTries = 5;
/** A registry that wants us to wait longer than that, in milliseconds, is not waited for. */
const longestPause = 60_000;

/**
 * Sends until an answer comes that will not get better: five times at most. With `once`, what was sent is not sent again after a
 * failure, but is when the answer is 429: then nothing was done with it.
 */
export async function patiently(
  send: () => Promise<HttpResponse>,
  { once = false, ...patience }: Patience & { readonly once?: boolean | undefined },
): Promise<HttpResponse> {
  for (let tries = 1; ; tries++) {
    let response: HttpResponse;
    try {
      response = await send();
    } catch (error) {
      if (patience.signal?.aborted === true || once || tries === mostTries || isFinal(error)) throw error;
      await pauseBefore(tries, patience);
      continue;
    }
    const { status } = response;
    const mayPass = status === 429 || (!once && [500, 502, 503, 504].includes(status));
    const wanted = retryAfter(response.header("retry-after"));
    if (!mayPass || tries === mostTries || (wanted ?? 0) > longestPause) return response;
    response.discard();
    if (wanted === undefined) await pauseBefore(tries, patience);
    else await sleep(wanted, undefined, { signal: patience.signal });
  }
}

/** Waits before the try after the given one; not for all at the same moment. */
export async function pauseBefore(tries: number, { pause, signal }: Patience): Promise<void> {
  await sleep(pause * 2 ** (tries - 1) * (0.75 + Math.random() / 2), undefined, { signal });
}

/** Errors that come again however often one tries. */
function isFinal(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return (
    error instanceof EngineError ||
    ["ENOTFOUND", "ECONNREFUSED", "EAI_AGAIN"].includes(code) ||
    /CERT|SELF_SIGNED|TLS|SSL|EPROTO/.test(code) ||
    (error instanceof Error && error.message.includes("not followed"))
  );
}

/** Milliseconds, of seconds or a date. */
export function retryAfter(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  if (/^[0-9]+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
