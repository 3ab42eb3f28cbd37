import type { EngineEvent } from "../engine/api.ts";
import { labels } from "../reconcile/labels.ts";
import { envelope } from "../ui/envelope.ts";
import { findProject } from "./project.ts";
import { openEngine } from "./session.ts";
import { parseTime } from "./time-flag.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry events`: what happens to the project's containers, as it happens. */
export default class Events extends Verb {
  static override summary = "Show what happens to containers";
  static override args = serviceArgs;
  static override flags = {
    json: Flags.boolean({ description: "docker compose's JSON object for each event" }),
    since: Flags.string({ helpValue: "<time>", description: "from this time on: 42m, 2026-11-24T05:00:00Z" }),
    until: Flags.string({ helpValue: "<time>", description: "up to this time" }),
  };

  async run(): Promise<number> {
    const { flags, args } = await this.parse(Events);
    const now = Date.now();
    const services = new Set(args.services ?? []);
    const [engine, { name }] = await Promise.all([openEngine(flags), findProject(flags, args.services)]);
    const events = await engine.events({
      filters: { type: ["container"], label: [`${labels.project}=${name}`] },
      ...(flags.since !== undefined && { since: parseTime("since", flags.since, now) }),
      ...(flags.until !== undefined && { until: parseTime("until", flags.until, now) }),
    });
    const json = (event: EngineEvent) => JSON.stringify(eventJson(event));
    const line = (event: EngineEvent) => (flags.json ? `${json(event)}\n` : `${eventText(event)}\n`);
    const show = this.isJson ? (event: EngineEvent) => envelope("event", { event: eventJson(event) }) : line;
    for await (const event of events) {
      const { Attributes: own } = event.Actor;
      if (own[labels.oneoff]?.toLowerCase() === "true") continue;
      if (services.size > 0 && !services.has(own[labels.service] ?? "")) continue;
      process.stdout.write(show(event));
    }
    return 0;
  }
}

/** `2026-11-25 03:44:27.359852 container start 4a7220… (image=nginx, name=shop-web-1)`; the time is local. */
export function eventText(event: EngineEvent): string {
  const attributes = attributesOf(event).map(([key, value]) => `${key}=${value}`);
  return `${localTime(event)} ${event.Type} ${event.Action} ${event.Actor.ID} (${attributes.join(", ")})`;
}

/** docker compose's object: `{"action":"start","attributes":{…},"id":…,"service":…,"time":…,"type":"container"}`. */
export function eventJson(event: EngineEvent): object {
  const fraction = nanoseconds(event).replace(/0+$/, "");
  const seconds = new Date(event.time * 1000).toISOString().slice(0, 19);
  return {
    action: event.Action,
    attributes: Object.fromEntries(attributesOf(event)),
    id: event.Actor.ID,
    service: event.Actor.Attributes[labels.service] ?? "",
    time: `${seconds}${fraction === "" ? "" : `.${fraction}`}Z`,
    type: event.Type,
  };
}

/** What the engine says of the container, without docker compose's labels; sorted. */
function attributesOf({ Actor }: EngineEvent): [string, string][] {
  return Object.entries(Actor.Attributes)
    .filter(([key]) => !key.startsWith("com.docker.compose.") && key !== labels.fields)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function localTime(event: EngineEvent): string {
  const at = new Date(event.time * 1000);
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  return `${day} ${clock}.${nanoseconds(event).slice(0, 6)}`;
}

/** The nine digits behind the second. A nanosecond's last digits are beyond what a number holds exactly. */
function nanoseconds({ timeNano }: EngineEvent): string {
  return String(timeNano % 1e9).padStart(9, "0");
}
