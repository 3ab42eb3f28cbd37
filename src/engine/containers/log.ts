/** The log driver: what HostConfig says of it, and where conmon writes. */

import type { HostConfig } from "../api.ts";
import { badRequest } from "../refusal.ts";

/** Where the output goes and how large it may get; undefined: nowhere. EngineError 400 for a driver that there is not. */
export function logOf(
  { LogConfig }: Pick<HostConfig, "LogConfig">,
  file: string,
): { readonly file: string; readonly maxSize?: number } | undefined {
  const driver = LogConfig?.Type || "json-file";
  if (driver === "none") return undefined;
  if (driver !== "json-file" && driver !== "local" && driver !== "k8s-file") {
    throw badRequest(`logger: no log driver named '${driver}' is registered`);
  }
  const size = LogConfig?.Config?.["max-size"];
  return { file, ...(size !== undefined && { maxSize: parseSize(size) }) };
}

/** `10m`: bytes, in units of 1024. */
function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text.trim());
  if (match === null) throw badRequest(`invalid size: '${text}'`);
  const power = ["", "k", "m", "g", "t"].indexOf((match[2] ?? "").toLowerCase());
  return Math.floor(Number(match[1]) * 1024 ** power);
}
