import type { ContainerInspect, HostConfig, MountSpec } from "../engine/api.ts";
import type { ContainerSpec } from "./body-facts.ts";
import { canonicalText } from "./fields.ts";
import type { ObservedImage } from "./plan.ts";

/** A mount, however it was asked for; what the engine does anyway, or did at creation, is left out. */
interface Asked {
  readonly type: string;
  /** "" for an anonymous volume. */
  readonly source: string;
  readonly readOnly: boolean;
  readonly options: unknown;
}

/**
 * Mounts that a container has and should not, or has not as wanted. Anonymous volumes have whatever name they got, and
 * those of the image's VOLUMEs are no one's wish.
 */
export function* mountDiff(
  spec: ContainerSpec,
  { HostConfig: actual }: ContainerInspect,
  image: ObservedImage | undefined,
): Iterable<string> {
  const [want, have] = [askedOf(spec.body.HostConfig ?? {}), askedOf(actual)];
  for (const [target, mount] of want) {
    const there = have.get(target);
    if (there === undefined || !isSame(mount, there)) yield spec.mountFields.get(target) ?? `volumes.${target}`;
  }
  for (const [target, { type }] of have) {
    if (want.has(target) || (type === "volume" && image?.volumes.includes(target))) continue;
    yield `volumes.${target}`;
  }
}

function isSame(wanted: Asked, actual: Asked): boolean {
  if (wanted.type === "volume" && wanted.source === "") return actual.type === "volume";
  return canonicalText(wanted) === canonicalText(actual);
}

function askedOf(config: HostConfig): ReadonlyMap<string, Asked> {
  const asked = new Map<string, Asked>();
  for (const text of config.Binds ?? []) {
    const [target, mount] = bindOf(text);
    asked.set(target, mount);
  }
  for (const mount of config.Mounts ?? []) asked.set(mount.Target, mountOf(mount));
  return asked;
}

/** `SOURCE:TARGET[:OPTIONS]`; a source without a slash is a volume. */
function bindOf(text: string): [string, Asked] {
  const [source = "", target = "", written = ""] = text.split(":");
  const options = written.split(",");
  const propagation = options.find((option) => /^r?(private|shared|slave)$/.test(option));
  const type = source.startsWith("/") ? "bind" : "volume";
  const nocopy = options.includes("nocopy");
  const selinux = options.find((option) => option === "z" || option === "Z");
  return [target, askedAs(type, source, options.includes("ro"), { propagation, nocopy, selinux })];
}

function mountOf(mount: MountSpec): Asked {
  const { BindOptions: bind, VolumeOptions: volume, TmpfsOptions: tmpfs, ImageOptions: image } = mount;
  return askedAs(mount.Type, mount.Source ?? "", mount.ReadOnly ?? false, {
    propagation: bind?.Propagation,
    recursive: [bind?.NonRecursive, bind?.ReadOnlyNonRecursive, bind?.ReadOnlyForceRecursive].map(Boolean).join(),
    nocopy: volume?.NoCopy,
    labels: volume?.Labels,
    subpath: volume?.Subpath ?? image?.Subpath,
    size: tmpfs?.SizeBytes,
    mode: tmpfs?.Mode,
  });
}

function askedAs(type: string, source: string, readOnly: boolean, options: Readonly<Record<string, unknown>>): Asked {
  const none = [undefined, null, "", 0, false, "rprivate", "false,false,false"] as const;
  const given = Object.entries(options).filter(([, value]) => !none.some((nothing) => nothing === value));
  return { type, source, readOnly, options: Object.fromEntries(given) };
}
