/** The call `events`: which of the engine's events a listener wants, and for how long. */

import type { Engine, EngineEvent, Filters } from "../api.ts";
import { badRequest } from "../refusal.ts";
import type { EventLog } from "./event-log.ts";

const known = new Set([
  "config",
  "container",
  "daemon",
  "event",
  "image",
  "label",
  "network",
  "node",
  "plugin",
  "scope",
  "secret",
  "service",
  "type",
  "volume",
]);

/** The call over a log. `until` in the past ends the stream after the kept events; without it only the listener does. */
export function answerEvents(log: EventLog, now: () => bigint): Pick<Engine, "events"> {
  return {
    events: async ({ since, until, filters = {} }, { signal } = {}) => {
      checkFilters(filters);
      const from = since === undefined ? undefined : parseTime("since", since);
      const to = until === undefined ? undefined : parseTime("until", until);
      const end = new AbortController();
      const signals = [end.signal, ...(signal ? [signal] : [])];
      const remaining = to === undefined ? undefined : Number((to - now()) / 1_000_000n);
      if (remaining !== undefined && remaining > 0) {
        const timer = setTimeout(() => end.abort(), Math.min(remaining, 2 ** 31 - 1));
        signal?.addEventListener("abort", () => clearTimeout(timer), { once: true });
      }
      const all = log.listen({ ...(from !== undefined && { since: from }), signal: AbortSignal.any(signals) });
      // The kept events are waiting already: with an end in the past nothing more is to come.
      if (remaining !== undefined && remaining <= 0) end.abort();
      return select(all, filters, to);
    },
  };
}

async function* select(
  events: AsyncIterable<EngineEvent>,
  filters: Filters,
  until: bigint | undefined,
): AsyncGenerator<EngineEvent, void, undefined> {
  for await (const event of events) {
    if (until !== undefined && BigInt(event.timeNano) > until) return;
    if (passesFilters(event, filters)) yield event;
  }
}

/** Whether an event is one that the filters ask for: values of one key are OR, of `label` AND. */
export function passesFilters({ Type, Action, Actor, scope }: EngineEvent, filters: Filters): boolean {
  const attributes = Actor.Attributes;
  const isOf = (type: string, value: string) =>
    Type === type &&
    (Actor.ID.startsWith(value) || attributes.name === value || attributes.name === value.replace(/^\//, ""));
  const tests: Readonly<Record<string, (value: string) => boolean>> = {
    type: (value) => Type === value,
    scope: (value) => (scope ?? "local") === value,
    // `health_status: healthy` and `exec_start: sh` are asked for by their first word too.
    event: (value) => Action === value || Action.startsWith(`${value}:`),
    container: (value) => isOf("container", value) || attributes.container?.startsWith(value) === true,
    volume: (value) => isOf("volume", value),
    network: (value) => isOf("network", value),
    image: (value) => {
      const image = Type === "image" ? (attributes.name ?? Actor.ID) : (attributes.image ?? "");
      return image === value || Actor.ID === value || image.replace(/:[^:/]*$/, "") === value;
    },
    label: (value) => {
      const mark = value.indexOf("=");
      const name = mark === -1 ? value : value.slice(0, mark);
      return Object.hasOwn(attributes, name) && (mark === -1 || attributes[name] === value.slice(mark + 1));
    },
  };
  return Object.entries(filters).every(([key, values]) => {
    const test = tests[key];
    if (test === undefined || values.length === 0) return test !== undefined;
    return key === "label" ? values.every(test) : values.some(test);
  });
}

function checkFilters(filters: Filters): void {
  for (const key of Object.keys(filters)) if (!known.has(key)) throw badRequest(`invalid filter '${key}'`);
}

/** Unix seconds with a fraction, or RFC 3339, as nanoseconds. */
export function parseTime(name: string, text: string): bigint {
  const [, seconds, fraction = ""] = /^(-?\d+)(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (seconds !== undefined) return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0"));
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw badRequest(`invalid value for "${name}": "${text}" is neither Unix seconds nor RFC 3339`);
  return BigInt(time) * 1_000_000n;
}
