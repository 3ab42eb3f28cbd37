import type { Service } from "../compose/model.ts";
import type { PortMap } from "../engine/api.ts";
import type { Warn } from "./body-facts.ts";

export interface PortPart {
  readonly exposed?: Record<string, Record<never, never>>;
  readonly bindings?: PortMap;
}

/** `expose` and `ports`. A published range is left to the engine: it takes the first free port of it. */
export function portPart(service: Service, warn: Warn): PortPart {
  const exposed = new Set<string>();
  const bindings = new Map<string, { HostIp?: string; HostPort?: string }[]>();
  service.expose?.forEach((entry, i) => {
    const ports = exposedPorts(entry);
    if (ports.length === 0) warn("unsupported", ["expose", i], `expose: "${entry}" is not PORT[-PORT][/PROTOCOL]`);
    for (const port of ports) exposed.add(port);
  });
  for (const { target, protocol, host_ip, published } of service.ports ?? []) {
    const key = `${target}/${protocol ?? "tcp"}`;
    exposed.add(key);
    const binding = { HostIp: host_ip ?? "", HostPort: published ?? "" };
    const same = (b: typeof binding) => b.HostIp === binding.HostIp && b.HostPort === binding.HostPort;
    const list = (bindings.get(key) ?? []) as (typeof binding)[];
    if (!list.some(same) || binding.HostPort === "") bindings.set(key, [...list, binding]);
  }
  return {
    ...(exposed.size > 0 && { exposed: Object.fromEntries([...exposed].map((port) => [port, {}])) }),
    ...(bindings.size > 0 && { bindings: Object.fromEntries(bindings) }),
  };
}

/** `3000`, `3000-3005`, `53/udp` → `3000/tcp` …; nothing when the text is none of these. */
export function exposedPorts(entry: string): readonly string[] {
  const match = /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/i.exec(entry);
  if (match === null) return [];
  const [, first = "", last = first, protocol = "tcp"] = match;
  const ports: string[] = [];
  for (let port = Number(first); port <= Math.min(Number(last), 65535); port++) {
    ports.push(`${port}/${protocol.toLowerCase()}`);
  }
  return ports;
}
