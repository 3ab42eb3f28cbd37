/** The config of an image: the JSON whose digest is the image's ID. Source: OCI image-spec, config.md. */

import type { ContainerConfig, HealthConfig } from "../api.ts";
import type { Platform } from "../daemon/rooms.ts";
import { isDigest } from "../digest.ts";

export interface ImageHistory {
  /** RFC 3339. */
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

export interface ImageConfig {
  readonly created?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly dockerVersion?: string;
  readonly platform: Platform;
  readonly config: ContainerConfig;
  /** The lowest first. */
  readonly diffIds: readonly string[];
  readonly history: readonly ImageHistory[];
}

/**
 * Reads a config. What an image may say of its containers is listed here, and nothing else gets in. Throws Error for what is
 * none, with the reason.
 */
export function decodeImageConfig(text: string): ImageConfig {
  const top = record(JSON.parse(text), "the config");
  const rootfs = record(top.rootfs, "rootfs");
  const diffIds = strings(rootfs.diff_ids ?? []) ?? fail("rootfs.diff_ids");
  if (!diffIds.every(isDigest)) fail("rootfs.diff_ids");
  if (diffIds.length > mostLayers) throw new Error(`the image has more than ${mostLayers} layers`);
  const history = Array.isArray(top.history) ? top.history.map((entry) => decodeHistory(record(entry, "history"))) : [];
  return {
    platform: {
      os: textIn(top.os) ?? "linux",
      architecture: textIn(top.architecture) ?? fail("architecture"),
      ...defined("variant", textIn(top.variant)),
    },
    config: decodeContainerConfig(top.config),
    diffIds,
    history,
    ...defined("created", textIn(top.created)),
    ...defined("author", textIn(top.author)),
    ...defined("comment", textIn(top.comment)),
    ...defined("dockerVersion", textIn(top.docker_version)),
  };
}

/** overlayfs itself takes no more. */
const mostLayers = 500;

/** The config as JSON, in the order of fields that docker writes. */
export function encodeImageConfig(image: ImageConfig): string {
  const { platform, config, created, author, comment } = image;
  return JSON.stringify({
    architecture: platform.architecture,
    ...defined("variant", platform.variant),
    ...defined("author", author),
    ...defined("comment", comment),
    config: withoutEmpty(decodeContainerConfig(config)),
    ...defined("created", created),
    history: image.history,
    os: platform.os,
    rootfs: { type: "layers", diff_ids: image.diffIds },
  });
}

/** As Go writes it: what is empty is left out, and names are sorted. */
function withoutEmpty(config: ContainerConfig): Readonly<Record<string, unknown>> {
  const fields = Object.entries(config).flatMap(([key, value]): [string, unknown][] => {
    if (value === null || value === undefined || typeof value !== "object") return [[key, value]];
    if (Object.keys(value).length === 0) return [];
    if (key !== "Labels") return [[key, value]];
    return [[key, Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))]];
  });
  return Object.fromEntries(fields);
}

function decodeHistory(entry: Readonly<Record<string, unknown>>): ImageHistory {
  return {
    ...defined("created", textIn(entry.created)),
    ...defined("created_by", textIn(entry.created_by)),
    ...defined("author", textIn(entry.author)),
    ...defined("comment", textIn(entry.comment)),
    ...(entry.empty_layer === true && { empty_layer: true }),
  };
}

function decodeContainerConfig(value: unknown): ContainerConfig {
  if (value === undefined || value === null) return {};
  const given = record(value, "config");
  return {
    ...defined("User", textIn(given.User)),
    ...defined("ExposedPorts", emptyRecords(given.ExposedPorts)),
    ...defined("Env", strings(given.Env)),
    ...defined("Entrypoint", strings(given.Entrypoint)),
    ...defined("Cmd", strings(given.Cmd)),
    ...defined("Healthcheck", decodeHealth(given.Healthcheck)),
    ...(given.ArgsEscaped === true && { ArgsEscaped: true }),
    ...defined("Volumes", emptyRecords(given.Volumes)),
    ...defined("WorkingDir", textIn(given.WorkingDir)),
    ...defined("OnBuild", strings(given.OnBuild)),
    ...defined("Labels", stringRecord(given.Labels)),
    ...defined("StopSignal", textIn(given.StopSignal)),
    ...defined("StopTimeout", typeof given.StopTimeout === "number" ? given.StopTimeout : undefined),
    ...defined("Shell", strings(given.Shell)),
  };
}

function decodeHealth(value: unknown): HealthConfig | undefined {
  if (value === undefined || value === null) return undefined;
  const given = record(value, "Healthcheck");
  const numbers = ["Interval", "Timeout", "Retries", "StartPeriod", "StartInterval"] as const;
  return {
    ...defined("Test", strings(given.Test)),
    ...Object.fromEntries(numbers.flatMap((key) => (typeof given[key] === "number" ? [[key, given[key]]] : []))),
  };
}

function defined<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  const made: { [P in K]?: T } = {};
  if (value !== undefined) made[key] = value;
  return made;
}

function fail(field: string): never {
  throw new Error(`it is not the config of an image: ${field} is not what it must be`);
}

function record(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fail(field);
  return Object.assign(Object.create(null), value);
}

const textIn = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

function strings(value: unknown): string[] | undefined {
  return Array.isArray(value)
    ? value.map((item) => (typeof item === "string" ? item : fail("a list of texts")))
    : undefined;
}

function stringRecord(value: unknown): Record<string, string> | undefined {
  if (value === undefined || value === null) return undefined;
  const found = Object.entries(record(value, "Labels"));
  return Object.fromEntries(found.map(([key, item]) => [key, typeof item === "string" ? item : fail("Labels")]));
}

function emptyRecords(value: unknown): Record<string, Record<never, never>> | undefined {
  if (value === undefined || value === null) return undefined;
  return Object.fromEntries(Object.keys(record(value, "a set of names")).map((key) => [key, {}]));
}
