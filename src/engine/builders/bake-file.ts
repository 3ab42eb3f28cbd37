/** Orders as a file of `docker buildx bake`. Pure. Source: https://docs.docker.com/build/bake/reference/ */

import type { BuildOrder } from "../build-order.ts";

/**
 * The file that docker compose 2.40 would hand to bake for these orders, and for those that they are built upon; two
 * spaces of indentation, no line feed at its end.
 */
export function bakeFile(orders: readonly BuildOrder[]): string {
  const all = withBases(orders);
  const names = [...all.keys()].sort();
  const file = {
    group: { default: { targets: names.map(targetName) } },
    target: Object.fromEntries(names.map((name) => [targetName(name), target(all.get(name) as BuildOrder)])),
  };
  // Go's encoder writes these so, for the sake of browsers.
  return JSON.stringify(file, null, 2).replace(/[<>&\u2028\u2029]/g, escapeCharacter);
}

/** Bake takes no dots in the names of targets. */
export const targetName = (name: string): string => name.replace(/[^a-zA-Z0-9_-]+/g, "_");

/** The orders, and those that their contexts come from, by name. */
export function withBases(orders: readonly BuildOrder[]): ReadonlyMap<string, BuildOrder> {
  const all = new Map<string, BuildOrder>();
  const add = (order: BuildOrder) => {
    if (all.has(order.name)) return;
    all.set(order.name, order);
    for (const base of Object.values(order.built ?? {})) add(base);
  };
  for (const order of orders) add(order);
  return all;
}

const escapeCharacter = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

function target(order: BuildOrder) {
  const { check = false } = order;
  const contexts = { ...order.contexts, ...mapRecord(order.built, ({ name }) => `target:${targetName(name)}`) };
  return {
    context: order.context,
    contexts: orNothing(sorted(contexts)),
    dockerfile: order.dockerfile,
    "dockerfile-inline": order.dockerfileInline === undefined ? undefined : literal(order.dockerfileInline),
    args: orNothing(sorted(mapRecord(order.args, literal))),
    labels: orNothing(sorted(order.labels)),
    tags: order.tags,
    "cache-from": orNone(order.cacheFrom),
    "cache-to": orNone(order.cacheTo),
    target: order.target || undefined,
    secret: orNone(order.secrets?.map(secret)),
    ssh: orNone(Object.entries(order.ssh ?? {}).map(([id, path]) => `${id}=${path}`)),
    platforms: orNone(order.platforms),
    pull: order.pull || undefined,
    "no-cache": order.noCache || undefined,
    "no-cache-filter": orNone(order.noCacheFilter),
    network: order.network || undefined,
    "shm-size": order.shmSize === undefined ? undefined : String(order.shmSize),
    ulimits: orNone(
      order.ulimits?.map(({ name, soft, hard }) => `${name}=${soft === hard ? soft : `${soft}:${hard}`}`),
    ),
    entitlements: orNone(order.entitlements),
    "extra-hosts": orNothing(sorted(mapRecord(order.extraHosts, (addresses) => addresses.join(",")))),
    output: check ? undefined : [order.push ? "type=registry" : "type=docker"],
    call: check ? "lint" : undefined,
    attest: orNone([...attestation("provenance", order.provenance), ...attestation("sbom", order.sbom)]),
  };
}

function secret({ id, file, environment }: NonNullable<BuildOrder["secrets"]>[number]): string {
  return file !== undefined ? `id=${id},type=file,src=${file}` : `id=${id},type=env,env=${environment ?? id}`;
}

/** `true`: with its defaults; `false`, or what is no word of Go's for true: none. */
function attestation(type: string, value: string | undefined): readonly string[] {
  if (value === undefined || value === "" || /^(0|f|false)$/i.test(value)) return [];
  return [/^(1|t|true)$/i.test(value) ? `type=${type}` : `type=${type},${value}`];
}

/** Bake expands variables in these. */
const literal = (text: string): string => text.split("${").join("$${");

function sorted<T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function mapRecord<T, U>(record: Readonly<Record<string, T>> = {}, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

const orNothing = <T extends object>(record: T): T | undefined =>
  Object.keys(record).length === 0 ? undefined : record;

const orNone = <T>(list: readonly T[] | undefined): readonly T[] | undefined =>
  list === undefined || list.length === 0 ? undefined : list;
