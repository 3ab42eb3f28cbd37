/** Which containers a list's filters let through. Pure, but for what the rooms answer about images and volumes. */

import type { Filters } from "../api.ts";
import { badRequest } from "../refusal.ts";
import type { ContainerRecord } from "./record.ts";
import { tellState } from "./state.ts";
import { tellNetworks } from "./summary.ts";
import { listPorts } from "./tell-mounts.ts";

const keys = new Set(
  "ancestor before exited expose health id is-task isolation label name network publish since status volume".split(" "),
);
const states = new Set(["created", "running", "paused", "restarting", "removing", "exited", "dead"]);
const healths = ["starting", "healthy", "unhealthy", "none"];

export interface FilterContext {
  /** The container of a reference; EngineError 404 where there is none. */
  readonly find: (reference: string) => ContainerRecord;
  /** The image's ID, its own ancestors' among them; undefined where there is none of that name. */
  readonly imageOf: (reference: string) => string | undefined;
}

/** EngineError 400 `invalid filter 'x'` for a key that there is not, or a value that makes no sense. */
export function containerFilter(filters: Filters, context: FilterContext): (record: ContainerRecord) => boolean {
  for (const key of Object.keys(filters)) if (!keys.has(key)) throw badRequest(`invalid filter '${key}'`);
  const values = (key: string) => filters[key] ?? [];
  for (const state of values("status")) if (!states.has(state)) throw badRequest(`invalid filter 'status=${state}'`);
  const codes = values("exited").map((text) => {
    if (!/^-?\d+$/.test(text)) throw badRequest(`invalid filter 'exited=${text}'`);
    return Number(text);
  });
  if (values("is-task").some((value) => value === "true" || value === "1")) return () => false;
  for (const health of values("health")) {
    if (!healths.includes(health)) throw badRequest(`unrecognised filter value for health: ${health}`);
  }
  const bounds = {
    before: values("before").map((reference) => context.find(reference).created),
    since: values("since").map((reference) => context.find(reference).created),
  };
  const ancestors = values("ancestor").map((reference) => context.imageOf(reference));
  const names = values("name").map((text) => matcher(text));
  const published = values("publish").flatMap(parsePorts);
  const exposed = values("expose").flatMap(parsePorts);

  const tests: ((record: ContainerRecord) => boolean)[] = [
    (record) => oneOf(values("status"), (state) => state === tellState(record)),
    (record) => oneOf(values("id"), (id) => record.id.startsWith(id)),
    (record) => oneOf(names, (matches) => matches(record.name) || matches(`/${record.name}`)),
    ({ config }) => values("label").every((label) => hasLabel(config.Labels ?? {}, label)),
    ({ state }) => oneOf(codes, (code) => code === state.exitCode && state.status === "exited"),
    ({ created }) => bounds.before.every((time) => created < time) && bounds.since.every((time) => created > time),
    ({ state }) => oneOf(values("health"), (health) => health === (state.health?.Status ?? "none")),
    ({ image }) => oneOf(ancestors, (id) => id === image.id),
    ({ mounts }) =>
      oneOf(values("volume"), (wanted) =>
        mounts.some(({ name, destination, source }) => [name, destination, source].includes(wanted)),
      ),
    (record) =>
      oneOf(values("network"), (wanted) =>
        Object.entries(tellNetworks(record)).some(
          ([name, { NetworkID = "" }]) => name === wanted || isBeginning(wanted, NetworkID),
        ),
      ),
    (record) =>
      oneOf(published, (wanted) =>
        listPorts(record).some(
          ({ PublicPort, Type }) => PublicPort !== undefined && `${PublicPort}/${Type}` === wanted,
        ),
      ),
    ({ config, hostConfig }) =>
      oneOf(exposed, (wanted) => wanted in { ...config.ExposedPorts, ...hostConfig.PortBindings }),
  ];
  return (record) => tests.every((test) => test(record));
}

function oneOf<T>(values: readonly T[], test: (value: T) => boolean): boolean {
  return values.length === 0 || values.some(test);
}

const isBeginning = (wanted: string, id: string) => wanted.length >= 12 && id.startsWith(wanted);

/** `key` or `key=value`. */
export function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const at = wanted.indexOf("=");
  if (at === -1) return Object.hasOwn(labels, wanted);
  const key = wanted.slice(0, at);
  return Object.hasOwn(labels, key) && labels[key] === wanted.slice(at + 1);
}

/** Names match as unanchored regular expressions; what is none is taken as it stands. */
function matcher(text: string): (name: string) => boolean {
  // A pattern that could take for ever is not tried as one: names are short, but `(a+)+$` needs few characters.
  if (/[^\w./^$-]/.test(text)) return (name) => name.includes(text);
  const pattern = new RegExp(text.replaceAll(".", "\\.").replaceAll("/", "\\/"));
  return (name) => pattern.test(name);
}

/** `80`, `80/udp`, `80-90/tcp`. */
function parsePorts(text: string): readonly string[] {
  const match = /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/.exec(text);
  if (match === null) throw badRequest(`invalid filter: invalid port '${text}'`);
  const [, first = "", last = first, protocol = "tcp"] = match;
  const count = Math.min(Number(last) - Number(first) + 1, 65_536);
  return Array.from({ length: Math.max(count, 0) }, (_, index) => `${Number(first) + index}/${protocol}`);
}
