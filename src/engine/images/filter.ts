/** The filters of image lists and prunes. Source: Engine API, `GET /images/json` and `POST /images/prune`. */

import type { Filters } from "../api.ts";
import { badRequest } from "../refusal.ts";
import type { Catalog, Image } from "./catalog.ts";
import { unixSeconds } from "./describe.ts";
import { patternExpression } from "./pattern.ts";
import { hasDigest, nameOf } from "./references.ts";

export type ImageTest = (image: Image, references: readonly string[]) => boolean;

const listKeys = ["dangling", "label", "label!", "before", "since", "reference", "until"];
const pruneKeys = ["dangling", "label", "label!", "until"];

/** EngineError 400 for a filter that there is not, or a value that is none; 404 where `before` names no image. */
export function listFilter(filters: Filters, catalog: Catalog): ImageTest {
  refuseUnknown(filters, listKeys);
  const dangling = booleanOf(filters, "dangling");
  const before = filters.before?.map((name) => unixSeconds(catalog.find(name).config.created));
  const since = filters.since?.map((name) => unixSeconds(catalog.find(name).config.created));
  const common = pruneFilter(filters, listKeys);
  return (image, references) => {
    const created = unixSeconds(image.config.created);
    if (dangling !== undefined && dangling !== !references.some((reference) => !hasDigest(reference))) return false;
    if (before?.some((limit) => created >= limit)) return false;
    if (since?.some((limit) => created <= limit)) return false;
    if (filters.reference && askedFor(filters, references).length === 0) return false;
    return common(image, references);
  };
}

/** Of an image's references those that a list shows: with the filter `reference` only those that match. */
export function askedFor({ reference: patterns }: Filters, references: readonly string[]): readonly string[] {
  return patterns === undefined ? references : references.filter((name) => patterns.some((one) => matches(name, one)));
}

/** What prune may remove, by age and labels. */
export function pruneFilter(filters: Filters, allowed: readonly string[] = pruneKeys): ImageTest {
  refuseUnknown(filters, allowed);
  const until = filters.until?.map((value) => momentOf(value));
  return (image) => {
    const labels = new Map(Object.entries(image.config.config.Labels ?? {}));
    const has = (wanted: string) => {
      const equals = wanted.indexOf("=");
      const value = labels.get(equals === -1 ? wanted : wanted.slice(0, equals));
      return value !== undefined && (equals === -1 || value === wanted.slice(equals + 1));
    };
    if (filters.label?.some((wanted) => !has(wanted))) return false;
    if (filters["label!"]?.some(has)) return false;
    return until?.some((limit) => unixSeconds(image.config.created) >= limit) !== true;
  };
}

/** The value of a filter that is true or false; undefined where it is not given. EngineError 400 for any other value. */
export function booleanOf(filters: Filters, key: string): boolean | undefined {
  const [value] = filters[key] ?? [];
  if (value === undefined) return undefined;
  if (["1", "true"].includes(value)) return true;
  if (["0", "false"].includes(value)) return false;
  throw badRequest(`invalid filter '${key}=[${value}]'`);
}

function refuseUnknown(filters: Filters, allowed: readonly string[]): void {
  const unknown = Object.keys(filters).find((key) => !allowed.includes(key));
  if (unknown !== undefined) throw badRequest(`invalid filter '${unknown}'`);
}

/** Unix seconds of a Unix time, an RFC 3339 time, or a Go duration before now (`24h`, `1h30m`). EngineError 400 for others. */
function momentOf(value: string): number {
  if (/^[0-9]+(\.[0-9]+)?$/.test(value)) return Number(value);
  if (/^([0-9]+(\.[0-9]+)?(h|m|s|ms))+$/.test(value)) {
    const seconds = { h: 3600, m: 60, s: 1, ms: 0.001 };
    const parts = value.matchAll(/([0-9.]+)(h|ms|m|s)/g);
    let ago = 0;
    for (const [, amount, unit] of parts) ago += Number(amount) * seconds[unit as keyof typeof seconds];
    return Date.now() / 1000 - ago;
  }
  const parsed = Date.parse(value);
  if (Number.isNaN(parsed)) throw badRequest(`invalid value for "until" filter: ${value}`);
  return parsed / 1000;
}

/** Matches `name:tag`, or `name` alone. */
function matches(reference: string, pattern: string): boolean {
  let whole: RegExp;
  try {
    whole = patternExpression(pattern);
  } catch (error) {
    throw badRequest(`invalid filter 'reference=${pattern}'`, error);
  }
  return whole.test(reference) || whole.test(nameOf(reference));
}
