/** Which volumes the filters of list and prune let through. */

import type { Filters } from "../api.ts";
import { hasLabel } from "../containers/filter.ts";
import { badRequest } from "../refusal.ts";
import type { VolumeRecord } from "./record.ts";

type Test = (record: VolumeRecord) => boolean;

export const isAnonymous: Test = ({ labels }) => Object.hasOwn(labels, "com.docker.volume.anonymous");

/** `isUsed`: whether a container has it. EngineError 400 for a key that there is not, or a value that makes no sense. */
export function volumeFilter(filters: Filters, isUsed: (name: string) => boolean): Test {
  allow(filters, ["dangling", "driver", "label", "name"]);
  const dangling = flag(filters, "dangling");
  return ({ name, driver, labels }) =>
    (dangling === undefined || dangling !== isUsed(name)) &&
    oneOf(filters.driver, (wanted) => wanted === driver) &&
    oneOf(filters.name, (wanted) => name.includes(wanted)) &&
    (filters.label ?? []).every((label) => hasLabel(labels, label));
}

/** Only anonymous ones, unless `all` is asked for. */
export function pruneFilter(filters: Filters): Test {
  allow(filters, ["all", "label", "label!"]);
  const all = flag(filters, "all") === true;
  return (record) =>
    (all || isAnonymous(record)) &&
    (filters.label ?? []).every((label) => hasLabel(record.labels, label)) &&
    !(filters["label!"] ?? []).some((label) => hasLabel(record.labels, label));
}

function allow(filters: Filters, keys: readonly string[]): void {
  for (const key of Object.keys(filters)) if (!keys.includes(key)) throw badRequest(`invalid filter '${key}'`);
}

function flag(filters: Filters, key: string): boolean | undefined {
  const [value] = filters[key] ?? [];
  if (value === undefined) return undefined;
  if (["1", "true"].includes(value)) return true;
  if (["0", "false"].includes(value)) return false;
  throw badRequest(`invalid filter '${key}=[${value}]'`);
}

function oneOf(values: readonly string[] | undefined, test: (value: string) => boolean): boolean {
  return values === undefined || values.length === 0 || values.some(test);
}
