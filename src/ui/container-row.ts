import type { ContainerSummary } from "../engine/api.ts";

/** A container as `ps` prints it: the fields, and their names, of docker compose's `ps --format json`. */
export interface ContainerRow {
  readonly Command: string;
  readonly CreatedAt: string;
  readonly ExitCode: number;
  readonly Health: string;
  readonly ID: string;
  readonly Image: string;
  readonly Labels: string;
  readonly LocalVolumes: string;
  readonly Mounts: string;
  readonly Name: string;
  readonly Names: string;
  readonly Networks: string;
  readonly Ports: string;
  readonly Project: string;
  readonly Publishers: readonly Publisher[];
  readonly RunningFor: string;
  readonly Service: string;
  /** `0B`: as docker compose, gantry does not ask the engine to measure. */
  readonly Size: string;
  readonly State: string;
  readonly Status: string;
}

export interface Publisher {
  readonly URL: string;
  readonly TargetPort: number;
  readonly PublishedPort: number;
  readonly Protocol: string;
}

/** The names that a template may use. */
export const containerFields: readonly (keyof ContainerRow)[] = [
  "Command",
  "CreatedAt",
  "ExitCode",
  "Health",
  "ID",
  "Image",
  "Labels",
  "LocalVolumes",
  "Mounts",
  "Name",
  "Names",
  "Networks",
  "Ports",
  "Project",
  "Publishers",
  "RunningFor",
  "Service",
  "Size",
  "State",
  "Status",
];

/** One row of `ps`. `now` is unix milliseconds; without `truncate` ids and commands are whole. */
export function containerRow(container: ContainerSummary, now: number, truncate: boolean): ContainerRow {
  const name = (container.Names[0] ?? "").replace(/^\//, "");
  const mounts = container.Mounts ?? [];
  return {
    Command: `"${truncate ? shorten(container.Command, 20) : container.Command}"`,
    CreatedAt: timeText(container.Created),
    ExitCode: Number(/^Exited \((\d+)\)/.exec(container.Status)?.[1] ?? 0),
    Health: /\((?:health: )?(healthy|unhealthy|starting)\)/.exec(container.Status)?.[1] ?? "",
    ID: truncate ? container.Id.slice(0, 12) : container.Id,
    Image: container.Image,
    Labels: Object.entries(container.Labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(","),
    LocalVolumes: String(mounts.filter(({ Driver }) => Driver === "local").length),
    Mounts: mounts.map(({ Name, Source }) => Name || Source).join(","),
    Name: name,
    Names: name,
    Networks: Object.keys(container.NetworkSettings?.Networks ?? {}).join(","),
    Ports: portsText(container.Ports ?? []),
    Project: container.Labels["com.docker.compose.project"] ?? "",
    Publishers: (container.Ports ?? []).map((port) => ({
      URL: port.IP ?? "",
      TargetPort: port.PrivatePort,
      PublishedPort: port.PublicPort ?? 0,
      Protocol: port.Type,
    })),
    RunningFor: `${durationText(now / 1000 - container.Created)} ago`,
    Service: container.Labels["com.docker.compose.service"] ?? "",
    Size: "0B",
    State: container.State,
    Status: container.Status,
  };
}

type PortSummary = ContainerSummary["Ports"][number];

/** `0.0.0.0:8000-8001->80-81/tcp, 443/tcp`: neighbouring ports of one address as a range, as `docker ps` does. */
export function portsText(ports: readonly PortSummary[]): string {
  const sorted = ports.toSorted(
    (a, b) => byText(a.Type, b.Type) || byText(a.IP ?? "", b.IP ?? "") || a.PrivatePort - b.PrivatePort,
  );
  const ranges: { first: PortSummary; length: number }[] = [];
  for (const port of sorted) {
    const range = ranges.at(-1);
    if (range !== undefined && continues(range.first, range.length, port)) range.length++;
    else ranges.push({ first: port, length: 1 });
  }
  const published = ranges.filter(({ first }) => first.PublicPort !== undefined);
  const exposed = ranges.filter(({ first }) => first.PublicPort === undefined);
  return [...exposed, ...published].map(({ first, length }) => rangeText(first, length)).join(", ");
}

function continues(first: PortSummary, length: number, port: PortSummary): boolean {
  if (port.Type !== first.Type || port.IP !== first.IP || port.PrivatePort !== first.PrivatePort + length) return false;
  return first.PublicPort === undefined ? port.PublicPort === undefined : port.PublicPort === first.PublicPort + length;
}

function rangeText({ IP, PrivatePort, PublicPort, Type }: PortSummary, length: number): string {
  const range = (port: number) => (length === 1 ? `${port}` : `${port}-${port + length - 1}`);
  if (PublicPort === undefined) return `${range(PrivatePort)}/${Type}`;
  const host = IP === undefined ? "" : `${IP.includes(":") ? `[${IP}]` : IP}:`;
  return `${host}${range(PublicPort)}->${range(PrivatePort)}/${Type}`;
}

const hoursOf = { day: 24, week: 168, month: 720, year: 8760 } as const;

/** A duration in seconds the way docker says it: `Less than a second`, `About a minute`, `3 hours`, `2 weeks`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 1) return "Less than a second";
  if (whole < 60) return whole === 1 ? "1 second" : `${whole} seconds`;
  if (whole < 120) return "About a minute";
  if (whole < 3600) return `${Math.floor(whole / 60)} minutes`;
  const hours = Math.round(whole / 3600);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  const unit = hours < 336 ? "day" : hours < 1440 ? "week" : hours < 17_520 ? "month" : "year";
  return `${Math.floor(hours / hoursOf[unit])} ${unit}s`;
}

function timeText(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().replace("T", " ").replace(".000Z", " +0000 UTC");
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
