/** What an engine answers when it will not, or cannot: the statuses of the API, with the engine's words. */

import { EngineError } from "../errors.ts";

/** Makes an error of one status: `throw notFound("No such container: x")`. */
type Refusal = (message: string, cause?: unknown) => EngineError;

const refusal =
  (status: number): Refusal =>
  (message, cause) =>
    new EngineError(message, { status, ...(cause !== undefined && { cause }) });

export const badRequest = refusal(400);
export const unauthorized = refusal(401);
export const forbidden = refusal(403);
export const notFound = refusal(404);
export const conflict = refusal(409);
export const internal = refusal(500);
export const notImplemented = refusal(501);
export const unavailable = refusal(503);

/** Whether a write failed because there is no space for it, on the disk or in its owner's quota. */
export function isDiskFull(error: unknown): error is Error {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}
