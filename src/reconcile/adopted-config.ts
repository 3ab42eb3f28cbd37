import type { ContainerConfig, PortMap } from "../engine/api.ts";
import { exposedPorts } from "./body-ports.ts";
import type { ObservedImage } from "./plan.ts";

/** docker compose passes these on from the CLI's configuration, so a container may have them for no field's sake. */
const proxies: ReadonlySet<string> = new Set(
  ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"].flatMap((name) => [name, name.toUpperCase()]),
);

/** Variables (`NAME=value`) that a container has and should not, or has not as wanted. */
export function* environmentDiff(
  wanted: readonly string[],
  actual: readonly string[],
  image: ObservedImage | undefined,
): Iterable<string> {
  const [want, have, own] = [variables(wanted), variables(actual), variables(image?.env ?? [])];
  for (const [name, value] of want) if (have.get(name) !== value) yield `environment.${name}`;
  for (const [name, value] of have) {
    if (value === undefined || want.has(name) || own.get(name) === value || proxies.has(name)) continue;
    yield `environment.${name}`;
  }
}

/** A bare `NAME` is a variable that is taken away. */
function variables(list: readonly string[]): ReadonlyMap<string, string | undefined> {
  return new Map(
    list.map((text) => {
      const at = text.indexOf("=");
      return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** Labels of the tools themselves say nothing about the file. */
function isOwn(label: string): boolean {
  return /^(com\.docker\.compose|dev\.gantry|desktop\.docker\.io)[./]/.test(label);
}

/** Labels that a container has and should not, or has not as wanted. The image's own are inherited. */
export function* labelDiff(
  wanted: Readonly<Record<string, string>>,
  actual: Readonly<Record<string, string>>,
  image: ContainerConfig | undefined,
): Iterable<string> {
  const users = (record: Readonly<Record<string, string>>) =>
    new Map(Object.entries(record).filter(([name]) => !isOwn(name)));
  const [want, have, own] = [users(wanted), users(actual), users(image?.Labels ?? {})];
  for (const [name, value] of want) if (have.get(name) !== value) yield `labels.${name}`;
  if (image === undefined) return;
  for (const [name, value] of have) if (!want.has(name) && own.get(name) !== value) yield `labels.${name}`;
}

/** Exposed ports beyond the image's. docker compose passes ranges and bare numbers on as they are written. */
export function* exposedDiff(
  wanted: ContainerConfig,
  actual: ContainerConfig,
  image: ContainerConfig | undefined,
): Iterable<string> {
  const ports = (config: ContainerConfig | undefined) => Object.keys(config?.ExposedPorts ?? {}).flatMap(exposedPorts);
  const [want, have] = [ports(wanted), ports(actual)];
  const known = new Set([...want, ...ports(image)]);
  const missing = want.some((port) => !have.includes(port));
  if (missing || (image !== undefined && have.some((port) => !known.has(port)))) yield "expose";
}

/** Published ports, as they were asked for (not as the engine chose them). */
export function* portDiff(wanted: PortMap, actual: PortMap): Iterable<string> {
  const texts = (ports: PortMap) =>
    Object.entries(ports)
      .flatMap(([port, bindings]) => (bindings ?? []).map((b) => `${b.HostIp ?? ""}:${b.HostPort ?? ""}:${port}`))
      .sort()
      .join(" ");
  if (texts(wanted) !== texts(actual)) yield "ports";
}
