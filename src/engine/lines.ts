/** JSON lines (events, progress of pulls and builds) from a stream of bytes. */

import { EngineError } from "../errors.ts";

const newline = 0x0a;

/**
 * One value per non-empty line; chunks may end anywhere, also inside a character. A line with a text `error` ends the
 * stream with that EngineError: the engine failed after it had answered 200. So does a line that is not JSON.
 */
export async function* parseLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<unknown, void, undefined> {
  let pending: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const piece = chunk.subarray(start, end);
      start = end + 1;
      const line = pending.length === 0 ? piece : Buffer.concat([...pending, piece]);
      pending = [];
      const text = line.toString("utf8").trim();
      if (text !== "") yield parseLine(text);
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
  const text = Buffer.concat(pending).toString("utf8").trim();
  if (text !== "") yield parseLine(text);
}

function parseLine(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new EngineError("the engine sent a line that is not JSON", { cause });
  }
  const failure = failureOf(value);
  if (failure !== undefined) throw new EngineError(failure, { status: 200 });
  return value;
}

function failureOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("error" in value)) return undefined;
  const detail = "errorDetail" in value ? value.errorDetail : undefined;
  if (typeof detail === "object" && detail !== null && "message" in detail && typeof detail.message === "string") {
    return detail.message.trim() || String(value.error).trim();
  }
  return typeof value.error === "string" ? value.error.trim() : undefined;
}
