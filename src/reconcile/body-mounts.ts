import type { Mount } from "../compose/model.ts";
import type { MountSpec } from "../engine/api.ts";
import { supports } from "./api-version.ts";
import type { BodyFacts, Warn } from "./body-facts.ts";
import { fileMounts } from "./body-files.ts";
import { mountSource } from "./fields.ts";
import { readVolumesFrom } from "./namespaces.ts";
import { present } from "./present.ts";

export interface MountPart {
  readonly binds: readonly string[];
  readonly mounts: readonly MountSpec[];
  readonly tmpfs: ReadonlyMap<string, string>;
  readonly volumesFrom: readonly string[];
  /** Target → the field that put a mount there. */
  readonly fields: ReadonlyMap<string, string>;
}

/** What is mounted at one target: a line of HostConfig.Binds, or an entry of HostConfig.Mounts. */
type Entry = { readonly bind: string } | { readonly mount: MountSpec };

/**
 * All mounts of a container, one per target: what a replaced container leaves behind, then the service's volumes,
 * then file-based secrets and configs where nothing else is mounted.
 */
export function mountPart(facts: BodyFacts, warn: Warn): MountPart {
  const { service } = facts;
  const entries = new Map<string, Entry>();
  const fields = new Map<string, string>();
  for (const mount of inheritedMounts(facts)) entries.set(mount.Target, { mount });
  service.volumes?.forEach((mount, i) => {
    fields.set(mount.target, `volumes.${mount.target}`);
    if (isAnonymous(mount) && entries.has(mount.target)) return;
    entries.set(
      mount.target,
      entryOf(facts, mount, (code, path, text) => warn(code, ["volumes", i, ...path], text)),
    );
  });
  for (const { field, mount } of fileMounts(facts, warn)) {
    if (entries.has(mount.Target)) continue;
    fields.set(mount.Target, field);
    entries.set(mount.Target, { mount });
  }
  const all = [...entries.values()];
  return {
    binds: all.flatMap((entry) => ("bind" in entry ? [entry.bind] : [])),
    mounts: all.flatMap((entry) => ("mount" in entry ? [entry.mount] : [])),
    tmpfs: new Map((service.tmpfs ?? []).map(tmpfsOf)),
    volumesFrom: (service.volumes_from ?? []).map((entry) => volumesFromOf(entry, facts)),
    fields,
  };
}

/** The container's part of `/run:size=64m`, and the mount options. */
export function tmpfsOf(entry: string): readonly [string, string] {
  const at = entry.indexOf(":");
  return at === -1 ? [entry, ""] : [entry.slice(0, at), entry.slice(at + 1)];
}

function isAnonymous(mount: Mount): boolean {
  return mount.type === "volume" && (mount.source === undefined || mount.source === "");
}

/** Anonymous volumes of the replaced container, of the image's VOLUMEs and of mounts without a source. */
function inheritedMounts({ inheritedVolumes, image, service }: BodyFacts): readonly MountSpec[] {
  const anonymous = new Set(image?.volumes);
  for (const mount of service.volumes ?? []) {
    if (isAnonymous(mount)) anonymous.add(mount.target);
    else anonymous.delete(mount.target);
  }
  return (inheritedVolumes ?? [])
    .filter((point) => point.Type === "volume" && point.Name !== undefined && anonymous.has(point.Destination))
    .map((point) =>
      present<MountSpec>({
        Type: "volume",
        Source: point.Name,
        Target: point.Destination,
        ReadOnly: point.RW ? undefined : true,
      }),
    );
}

function entryOf(facts: BodyFacts, mount: Mount, warn: Warn): Entry {
  for (const kind of ["bind", "volume", "tmpfs", "image"] as const) {
    const honoured = kind === mount.type || (kind === "bind" && mount.type === "volume" && mount.bind?.selinux);
    const options = Object.keys(mount[kind] ?? {}).filter((key) => key !== "extensions");
    if (!honoured && options.length > 0)
      warn("no-effect", [kind], `a mount of type ${mount.type} has no ${kind} options`);
  }
  if (mount.consistency !== undefined) {
    warn("no-effect", ["consistency"], "consistency has no effect on an engine for Linux");
  }
  if (mount.type === "bind" && !needsMountApi(mount)) return { bind: bindText(mount.source ?? "", mount) };
  const source = mountSource(facts.project, mount);
  if (mount.type === "volume" && mount.bind?.selinux && source && mount.volume?.subpath === undefined) {
    return { bind: bindText(source, mount) };
  }
  return { mount: mountSpec(facts, mount, source, warn) };
}

/** HostConfig.Binds creates a missing host path and takes SELinux labels; HostConfig.Mounts knows `recursive`. */
function needsMountApi({ bind, target, source }: Mount): boolean {
  const recursive = bind?.recursive !== undefined && bind.recursive !== "enabled";
  return bind?.create_host_path === false || recursive || target.includes(":") || (source ?? "").includes(":");
}

function bindText(source: string, mount: Mount): string {
  const options = [
    mount.read_only ? "ro" : "rw",
    mount.bind?.selinux,
    mount.type === "bind" && mount.bind?.propagation,
  ];
  if (mount.volume?.nocopy) options.push("nocopy");
  return `${source}:${mount.target}:${options.filter(Boolean).join(",")}`;
}

function mountSpec(facts: BodyFacts, mount: Mount, source: string | undefined, warn: Warn): MountSpec {
  const { apiVersion } = facts;
  const needs = (version: string, path: readonly string[], what: string) => {
    if (supports(apiVersion, version)) return;
    warn("unsupported", path, `${what} needs an engine with API ${version}, this one speaks ${apiVersion}`);
  };
  if (mount.type === "bind" && mount.bind?.selinux !== undefined) {
    warn("no-effect", ["bind", "selinux"], "selinux cannot be combined with recursive or create_host_path: false");
  }
  if (mount.type === "image") needs("1.48", ["type"], "a mount of type image");
  if (mount.type === "volume" && mount.volume?.subpath) needs("1.45", ["volume", "subpath"], "subpath");
  return present<MountSpec>({
    Type: mount.type,
    Source: source || undefined,
    Target: mount.target,
    ReadOnly: mount.read_only || undefined,
    BindOptions: mount.type === "bind" ? bindOptions(mount) : undefined,
    VolumeOptions: mount.type === "volume" ? volumeOptions(mount) : undefined,
    TmpfsOptions:
      mount.type === "tmpfs" && mount.tmpfs !== undefined
        ? present({ SizeBytes: mount.tmpfs.size, Mode: mount.tmpfs.mode })
        : undefined,
    ImageOptions:
      mount.type === "image" && mount.image?.subpath !== undefined ? { Subpath: mount.image.subpath } : undefined,
  });
}

function bindOptions({ bind }: Mount): MountSpec["BindOptions"] {
  const options = present<NonNullable<MountSpec["BindOptions"]>>({
    Propagation: bind?.propagation,
    CreateMountpoint: bind?.create_host_path === false ? undefined : true,
    NonRecursive: bind?.recursive === "disabled" || undefined,
    ReadOnlyNonRecursive: bind?.recursive === "writable" || undefined,
    ReadOnlyForceRecursive: bind?.recursive === "readonly" || undefined,
  });
  return Object.keys(options).length === 0 ? undefined : options;
}

function volumeOptions({ volume }: Mount): MountSpec["VolumeOptions"] {
  const options = present<NonNullable<MountSpec["VolumeOptions"]>>({
    NoCopy: volume?.nocopy || undefined,
    Subpath: volume?.subpath,
    Labels: volume?.labels === undefined ? undefined : Object.fromEntries(volume.labels),
  });
  return Object.keys(options).length === 0 ? undefined : options;
}

/** The engine wants a bare id or name here, without `container:`. */
function volumesFromOf(entry: string, facts: BodyFacts): string {
  const { service, container, mode } = readVolumesFrom(entry);
  const id = service === undefined ? (container ?? "") : facts.containerOf(service).replace(/^container:/, "");
  return mode === undefined ? id : `${id}:${mode}`;
}
