/** What this machine's administrator says of registries: in gantry's own folder, and in docker's. */

import { readFile } from "node:fs/promises";
import path from "node:path";
import { EngineError } from "../../errors.ts";
import type { RegistryOptions } from "./hosts.ts";

/** The first that says something is believed. */
const folders = ["/etc/gantry", "/etc/docker"];

/**
 * `insecure-registries` and `registry-mirrors` of `daemon.json`, each from the first file that has it, and the folders of
 * certificates; `more`: what was said on the command line besides. Throws EngineError for a file that is not what docker's is.
 * Source: dockerd(8).
 */
export async function readOptions(
  more: Partial<Pick<RegistryOptions, "insecure" | "mirrors">> = {},
  places: readonly string[] = folders,
): Promise<RegistryOptions> {
  const files = await Promise.all(places.map((folder) => readSettings(path.join(folder, "daemon.json"))));
  const first = (key: keyof Settings) => files.find((file) => file[key] !== undefined)?.[key] ?? [];
  return {
    insecure: [...(more.insecure ?? []), ...first("insecure-registries")],
    mirrors: [...(more.mirrors ?? []), ...first("registry-mirrors")].map(mirrorUrl),
    certificates: places.map((folder) => path.join(folder, "certs.d")),
  };
}

interface Settings {
  readonly "insecure-registries"?: readonly string[];
  readonly "registry-mirrors"?: readonly string[];
}

async function readSettings(file: string): Promise<Settings> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR" || error.code === "EACCES") return "{}";
    throw error;
  });
  const settings = parseObject(text, file);
  const list = (key: keyof Settings) => {
    const value = settings[key];
    if (value === undefined) return {};
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
      throw new EngineError(`${file}: "${key}" must be a list of strings`);
    }
    return { [key]: value };
  };
  return { ...list("insecure-registries"), ...list("registry-mirrors") };
}

function parseObject(text: string, file: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text.trim() === "" ? "{}" : text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Not even JSON: the same answer.
  }
  throw new EngineError(`${file}: not a JSON object`, { hint: "repair or remove the file" });
}

function mirrorUrl(text: string): string {
  const isUrl = /^https?:\/\//.test(text) && URL.canParse(text);
  const { username, search, hash } = isUrl ? new URL(text) : { username: "", search: "", hash: "" };
  if (isUrl && username + search + hash === "") return text.replace(/\/+$/, "");
  const shown = text.replace(/\/\/[^@/]*@/, "//…@");
  throw new EngineError(`"${shown}" is not the URL of a registry mirror: expected http(s)://host[:port][/path]`);
}
