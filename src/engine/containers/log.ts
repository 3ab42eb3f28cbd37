/** The log driver: what HostConfig says of it, and where conmon writes. */

import type { HostConfig } from "../api.ts";
import { badRequest } from "../refusal.ts";

/** Bytes that are kept for those who are attached, where nobody may ask for the log. */
const unread = 1024 * 1024;
const options = new Set(
  "compress env env-regex labels labels-regex max-file max-size mode max-buffer-size tag".split(" "),
);

/**
 * Where the output goes and how large it may get, in bytes. Without a log there is a short one: attaching reads it.
 * EngineError 400 for a driver or an option that there is not.
 */
export function logOf(
  { LogConfig }: Pick<HostConfig, "LogConfig">,
  file: string,
): { readonly file: string; readonly maxSize?: number } {
  const driver = LogConfig?.Type || "json-file";
  if (driver === "none") return { file, maxSize: unread };
  if (driver !== "json-file" && driver !== "local" && driver !== "k8s-file") {
    throw badRequest(`error looking up logging plugin ${driver}: plugin "${driver}" not found`);
  }
  const unknown = Object.keys(LogConfig?.Config ?? {}).find((option) => !options.has(option));
  if (unknown !== undefined) throw badRequest(`unknown log opt '${unknown}' for ${driver} log driver`);
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
