import { isIP } from "node:net";
import type { Parsed } from "./parsed.ts";

/** One published port of the long form; `published` is a port, a range `a-b`, or absent for an ephemeral port. */
export interface PortSpec {
  readonly host_ip?: string;
  readonly target: number;
  readonly published?: string;
  readonly protocol: string;
}

const hint = "write [[IP:]HOST:]CONTAINER[/PROTOCOL], e.g. 8080:80, 127.0.0.1:8080:80/udp or 3000-3005:3000-3005";

/**
 * Reads a port mapping:
 *
 *     [[IP:][HOST]:]CONTAINER[/PROTOCOL]
 *     IP        := IPv4 | IPv6 | [IPv6]        everything before the last two colons
 *     HOST      := port | port-port            empty: an ephemeral port
 *     CONTAINER := port | port-port
 *     PROTOCOL  := tcp | udp | sctp            in any case; tcp if absent
 *
 * Two ranges of equal length pair up; one container port with a range of host ports stays one entry. The entries come
 * sorted by the text "port/protocol", as docker compose's do.
 */
export function parsePorts(spec: string): Parsed<readonly PortSpec[]> {
  const fields = spec.split(":");
  const last = fields.at(-1) ?? "";
  const hostPort = fields.at(-2) ?? "";
  const address = fields.slice(0, -2).join(":");
  const [container = "", protocolText = ""] = last.split("/");
  if (container === "") return { error: `no port specified: ${spec}<empty>`, hint };
  const protocol = protocolText === "" ? "tcp" : protocolText.toLowerCase();
  if (protocol !== "tcp" && protocol !== "udp" && protocol !== "sctp") {
    return { error: `invalid proto: ${protocol}`, hint: "the protocol is tcp, udp or sctp" };
  }
  const ip = address.startsWith("[") && address.endsWith("]") ? address.slice(1, -1) : address;
  if (ip !== "" && !isAddress(ip)) return { error: `invalid IP address: ${ip}`, hint };

  const target = parseRange(container);
  if (target === undefined) return { error: `invalid containerPort: ${container}`, hint };
  const host = hostPort === "" ? undefined : parseRange(hostPort);
  if (hostPort !== "" && host === undefined) return { error: `invalid hostPort: ${hostPort}`, hint };

  const count = target.end - target.start + 1;
  if (host !== undefined && count > 1 && host.end - host.start + 1 !== count) {
    return {
      error: `invalid ranges specified for container and host Ports: ${container} and ${hostPort}`,
      hint: "both ranges must have the same length",
    };
  }
  const ports = Array.from({ length: count }, (_, i): PortSpec => {
    const published = publishedPort(host, i, count);
    return {
      ...(ip !== "" && { host_ip: ip }),
      target: target.start + i,
      ...(published !== undefined && { published }),
      protocol,
    };
  });
  const sorted = ports.toSorted((a, b) => (`${a.target}/${a.protocol}` < `${b.target}/${b.protocol}` ? -1 : 1));
  return { value: sorted };
}

/** Whether a text is an IPv4 or IPv6 address without brackets or zone. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes("%");
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function publishedPort(host: Range | undefined, index: number, count: number): string | undefined {
  if (host === undefined) return undefined;
  if (count === 1 && host.end !== host.start) return `${host.start}-${host.end}`;
  return String(host.start + index);
}

function parseRange(text: string): Range | undefined {
  const dash = text.indexOf("-");
  const start = parsePort(dash === -1 ? text : text.slice(0, dash));
  const end = dash === -1 ? start : parsePort(text.slice(dash + 1));
  if (start === undefined || end === undefined || end < start) return undefined;
  return { start, end };
}

function parsePort(text: string): number | undefined {
  if (!/^[0-9]+$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65535 ? port : undefined;
}
