/** Which networks a list or a prune is about. */

import type { Filters, NetworkResource } from "../api.ts";
import { badRequest, internal } from "../refusal.ts";
import { parseBool, predefined } from "./record.ts";

/** Says of a network whether the list has it. EngineError 400 for a filter that is none. */
export function networkFilter(filters: Filters): (network: NetworkResource) => boolean {
  checkKeys(filters, ["dangling", "driver", "id", "label", "name", "scope", "type"]);
  const dangling = flagOf(filters, "dangling");
  const type = filters.type?.find((value) => value !== "custom" && value !== "builtin");
  if (type !== undefined) throw internal(`invalid filter: 'type'='${type}'`);
  const oneOf = (key: string, matches: (value: string) => boolean) => {
    const values = filters[key] ?? [];
    return values.length === 0 || values.some(matches);
  };
  return (network) =>
    oneOf("driver", (value) => network.Driver === value) &&
    oneOf("scope", (value) => network.Scope === value) &&
    oneOf("id", (value) => network.Id.includes(value)) &&
    oneOf("name", (value) => network.Name.includes(value)) &&
    oneOf("type", (value) => predefined.includes(network.Name) === (value === "builtin")) &&
    hasLabels(network, filters.label ?? []) &&
    (dangling === undefined || (isUnused(network) && !predefined.includes(network.Name)) === dangling);
}

/** Says of a network that nothing uses whether a prune takes it. `now` in seconds of Unix time. */
export function pruneFilter(filters: Filters, now: number): (network: NetworkResource) => boolean {
  checkKeys(filters, ["label", "label!", "until"]);
  const until = filters.until ?? [];
  if (until.length > 1) throw badRequest("more than one until filter specified");
  const before = until[0] === undefined ? undefined : readTime(until[0], now);
  return (network) =>
    !predefined.includes(network.Name) &&
    isUnused(network) &&
    hasLabels(network, filters.label ?? []) &&
    !(filters["label!"] ?? []).some((label) => hasLabels(network, [label])) &&
    (before === undefined || Date.parse(network.Created ?? "") / 1000 <= before);
}

function checkKeys(filters: Filters, known: readonly string[]): void {
  const unknown = Object.keys(filters).find((key) => !known.includes(key));
  if (unknown !== undefined) throw badRequest(`invalid filter '${unknown}'`);
}

function flagOf(filters: Filters, key: string): boolean | undefined {
  const [value, ...more] = filters[key] ?? [];
  if (value === undefined) return undefined;
  const flag = parseBool(value);
  if (flag === undefined || more.length > 0) {
    throw badRequest(`invalid value for filter '${key}', must be "true" (or "1"), or "false" (or "0")`);
  }
  return flag;
}

const isUnused = ({ Containers }: NetworkResource) => Object.keys(Containers ?? {}).length === 0;

/** Each is `key`, which must be there, or `key=value`. */
function hasLabels({ Labels }: NetworkResource, wanted: readonly string[]): boolean {
  const labels = new Map(Object.entries(Labels ?? {}));
  return wanted.every((text) => {
    const at = text.indexOf("=");
    return at < 0 ? labels.has(text) : labels.get(text.slice(0, at)) === text.slice(at + 1);
  });
}

/** `10m` ago, or a time as seconds or RFC 3339; in seconds. EngineError 400 for anything else. */
function readTime(text: string, now: number): number {
  const units: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)];
  if (text !== "" && parts.map(([part]) => part).join("") === text) {
    return now - parts.reduce((sum, [, amount = "", unit = ""]) => sum + Number(amount) * (units[unit] ?? 0), 0);
  }
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw badRequest(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
  return time / 1000;
}
