import type { Plain, PlainObject } from "../compose/render/plain.ts";
import type { ContainerConfig, ContainerInspect, ImageInspect } from "../engine/api.ts";
import { labels } from "../reconcile/labels.ts";
import { present } from "../reconcile/present.ts";

/**
 * A compose document that makes containers like these: what they were given beyond their images. Networks and named
 * volumes are external, because they are there; of the engine's own networks (`host`, `none`) the mode is written.
 *
 * @param images the containers' images by id; one that is gone is undefined, and then nothing is known to come from it
 * @param name the project's; undefined: none is written
 */
export function generateProject(
  containers: readonly ContainerInspect[],
  images: ReadonlyMap<string, ImageInspect | undefined>,
  name: string | undefined,
): PlainObject {
  const services: PlainObject = Object.create(null);
  const networks: PlainObject = Object.create(null);
  const volumes: PlainObject = Object.create(null);
  for (const container of containers) {
    services[container.Name.slice(1)] = serviceOf(container, images.get(container.Image)?.Config ?? {});
    for (const network of networksOf(container)) networks[network] = { external: true };
    for (const volume of volumesOf(container)) volumes[volume] = { external: true };
  }
  const document = {
    ...(name !== undefined && name !== "" && { name }),
    services,
    ...(Object.keys(networks).length > 0 && { networks }),
    ...(Object.keys(volumes).length > 0 && { volumes }),
  };
  return Object.fromEntries(Object.entries(document).map(([key, value]) => [key, escaped(value)]));
}

function serviceOf(container: ContainerInspect, image: ContainerConfig): PlainObject {
  const { Config: config, HostConfig: host } = container;
  const mode = host.NetworkMode ?? "default";
  const networks = networksOf(container);
  const given = present<Record<string, Plain>>({
    cap_add: listOf(host.CapAdd),
    cap_drop: listOf(host.CapDrop),
    command: differing(config.Cmd, image.Cmd),
    container_name: container.Name.slice(1),
    entrypoint: differing(config.Entrypoint, image.Entrypoint),
    environment: environmentOf(config.Env ?? [], image.Env ?? []),
    image: config.Image,
    labels: labelsOf(config.Labels ?? {}, image.Labels ?? {}),
    network_mode: mode === "host" || mode === "none" ? mode : undefined,
    networks: networks.length > 0 ? networks : undefined,
    ports: portsOf(host.PortBindings ?? {}),
    privileged: host.Privileged || undefined,
    read_only: host.ReadonlyRootfs || undefined,
    restart: restartOf(host.RestartPolicy),
    stdin_open: config.OpenStdin || undefined,
    tty: config.Tty || undefined,
    user: config.User === image.User ? undefined : config.User || undefined,
    volumes: mountsOf(container),
    working_dir: config.WorkingDir === image.WorkingDir ? undefined : config.WorkingDir || undefined,
  });
  return { ...given };
}

function networksOf({ HostConfig, NetworkSettings }: ContainerInspect): string[] {
  const own = new Set(["bridge", "default", "host", "none"]);
  if (HostConfig.NetworkMode?.startsWith("container:")) return [];
  return Object.keys(NetworkSettings.Networks ?? {}).filter((name) => !own.has(name));
}

function volumesOf({ Mounts }: ContainerInspect): string[] {
  return Mounts.flatMap(({ Type, Name = "" }) => (Type === "volume" && !isAnonymous(Name) ? [Name] : []));
}

function mountsOf({ Mounts }: ContainerInspect): Plain[] | undefined {
  const mounts = Mounts.flatMap(({ Type, Name = "", Source, Destination, RW }): PlainObject[] => {
    if (Type !== "bind" && Type !== "volume") return [];
    const source = Type === "bind" ? Source : isAnonymous(Name) ? undefined : Name;
    return [{ type: Type, ...(source && { source }), target: Destination, ...(!RW && { read_only: true }) }];
  });
  return listOf(mounts.toSorted((a, b) => (String(a.target) < String(b.target) ? -1 : 1)));
}

function isAnonymous(volume: string): boolean {
  return /^[0-9a-f]{64}$/.test(volume);
}

function portsOf(bindings: NonNullable<ContainerInspect["HostConfig"]["PortBindings"]>): Plain[] | undefined {
  const ports = Object.entries(bindings).flatMap(([port, places]) => {
    const [target = "", protocol = "tcp"] = port.split("/");
    return (places ?? []).map(({ HostIp, HostPort }) => ({
      target: Number(target),
      ...(HostPort && { published: HostPort }),
      ...(HostIp && { host_ip: HostIp }),
      protocol,
    }));
  });
  return listOf(ports);
}

function restartOf(policy: ContainerInspect["HostConfig"]["RestartPolicy"]): string | undefined {
  const { Name: name = "", MaximumRetryCount: times = 0 } = policy ?? {};
  if (name === "" || name === "no") return undefined;
  return times > 0 ? `${name}:${times}` : name;
}

function environmentOf(env: readonly string[], images: readonly string[]): PlainObject | undefined {
  const own = env.filter((entry) => !images.includes(entry)).toSorted();
  if (own.length === 0) return undefined;
  return Object.fromEntries(own.map((entry) => entry.split(/=(.*)/s)).map(([name = "", value = ""]) => [name, value]));
}

/** Without the image's, and without those that say what made the container. */
function labelsOf(own: Readonly<Record<string, string>>, images: Readonly<Record<string, string>>) {
  const given = Object.entries(own).filter(
    ([key, value]) => images[key] !== value && !key.startsWith("com.docker.compose.") && key !== labels.fields,
  );
  return given.length === 0 ? undefined : Object.fromEntries(given.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function differing(own: readonly string[] | null | undefined, images: readonly string[] | null | undefined) {
  const isSame = JSON.stringify(own ?? []) === JSON.stringify(images ?? []);
  return isSame ? undefined : [...(own ?? [])];
}

function listOf(list: readonly Plain[] | null | undefined): Plain[] | undefined {
  return list === null || list === undefined || list.length === 0 ? undefined : [...list];
}

/** A document is interpolated when it is read: each `$` of a value is written twice. */
function escaped(value: Plain): Plain {
  if (typeof value === "string") return value.replaceAll("$", "$$$$");
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(escaped);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]));
}
