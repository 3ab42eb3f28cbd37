/** What a container has mounted, planned from what the client and the image ask for. Pure: volumes that are missing are made later. */

import type { ContainerConfig, HostConfig, MountSpec } from "../../api.ts";
import { badRequest } from "../../refusal.ts";
import type { MountRecord } from "../record.ts";
import { parseBind } from "./bind.ts";
import { cleanPath, type MountPlan, propagations } from "./mount-plan.ts";

/** The mounts of another container, for `VolumesFrom`. EngineError 404 where there is none. */
export type MountsOf = (container: string) => readonly MountRecord[];

/** In docker's order: those of other containers, binds, mounts, then the image's volumes that nothing covers. */
export function planMounts(config: ContainerConfig, host: HostConfig, mountsOf: MountsOf): readonly MountPlan[] {
  const plans = new Map<string, MountPlan>();
  for (const from of host.VolumesFrom ?? []) {
    for (const mount of inherit(from, mountsOf)) plans.set(mount.destination, mount);
  }
  const own = new Set<string>();
  const add = (plan: MountPlan) => {
    if (own.has(plan.destination)) throw badRequest(`Duplicate mount point: ${plan.destination}`);
    own.add(plan.destination);
    plans.set(plan.destination, plan);
  };
  for (const bind of host.Binds ?? []) add(parseBind(bind, host.VolumeDriver ?? ""));
  for (const mount of host.Mounts ?? []) add(planMount(mount));
  for (const [destination, options] of Object.entries(host.Tmpfs ?? {})) {
    add(tmpfs(destination, options.split(","), false));
  }
  for (const destination of Object.keys(config.Volumes ?? {})) {
    const clean = cleanPath(destination);
    if (!plans.has(clean)) plans.set(clean, anonymousVolume(clean, host.VolumeDriver || "local"));
  }
  return [...plans.values()];
}

/** `container[:ro]`. */
function inherit(text: string, mountsOf: MountsOf): readonly MountPlan[] {
  const [container = "", mode = "rw", ...rest] = text.split(":");
  if (container === "" || rest.length > 0) throw badRequest(`invalid volumes-from specification: '${text}'`);
  if (!["rw", "ro", "z", "Z", "rw,z", "ro,z", "rw,Z", "ro,Z"].includes(mode)) {
    throw badRequest(`invalid mode for volumes-from: ${mode}`);
  }
  const readOnly = mode.startsWith("ro");
  return mountsOf(container)
    .filter(({ type }) => type === "bind" || type === "volume")
    .map((mount) => ({ ...mount, rw: mount.rw && !readOnly, anonymous: false }));
}

function planMount(mount: MountSpec): MountPlan {
  const { Type, Source = "", Target, ReadOnly = false } = mount;
  const refuse = (reason: string) => badRequest(`invalid mount config for type "${Type}": ${reason}`);
  if (!["bind", "volume", "tmpfs", "image"].includes(Type)) {
    throw badRequest(`invalid mount config for type "${Type}": mount type unknown: "${Type}"`);
  }
  if (Target === undefined || Target === "") throw refuse("field Target must not be empty");
  if (!Target.startsWith("/")) throw refuse(`invalid mount path: '${Target}' mount path must be absolute`);
  const destination = cleanPath(Target);
  if (destination === "/") throw refuse("invalid specification: destination can't be '/'");
  const options = {
    bind: mount.BindOptions,
    volume: mount.VolumeOptions,
    tmpfs: mount.TmpfsOptions,
    image: mount.ImageOptions,
  };
  for (const [name, value] of Object.entries(options)) {
    if (name !== Type && value != null) {
      const field = `${name[0]?.toUpperCase()}${name.slice(1)}Options`;
      throw refuse(`field ${field} must not be specified`);
    }
  }
  const base = { destination, mode: "", rw: !ReadOnly, propagation: "", recursive: true, listed: true };
  switch (Type) {
    case "bind": {
      if (Source === "") throw refuse("field Source must not be empty");
      if (!Source.startsWith("/")) throw refuse(`invalid mount path: '${Source}' mount path must be absolute`);
      const propagation = mount.BindOptions?.Propagation || "rprivate";
      if (!propagations.includes(propagation)) throw refuse(`invalid propagation mode: ${propagation}`);
      const extra = ReadOnly && mount.BindOptions?.ReadOnlyForceRecursive === true ? ["rro"] : [];
      return {
        ...base,
        type: "bind",
        source: cleanPath(Source),
        propagation,
        recursive: mount.BindOptions?.NonRecursive !== true,
        copy: false,
        anonymous: false,
        options: extra,
        createSource: mount.BindOptions?.CreateMountpoint === true,
      };
    }
    case "volume": {
      const { NoCopy = false, Labels, Subpath, DriverConfig } = mount.VolumeOptions ?? {};
      checkSubpath(Subpath, refuse);
      if (Source === "" && Subpath !== undefined && Subpath !== "")
        throw refuse("must not set Subpath when using anonymous volumes");
      return {
        ...anonymousVolume(destination, DriverConfig?.Name || "local"),
        ...base,
        ...(Source !== "" && { name: Source }),
        anonymous: Source === "",
        copy: !NoCopy,
        mode: "z",
        ...(Subpath !== undefined && Subpath !== "" && { subpath: Subpath }),
        ...(Labels !== undefined && { labels: Labels }),
        ...(DriverConfig?.Options !== undefined && { driverOptions: DriverConfig.Options }),
      };
    }
    case "image": {
      if (Source === "") throw refuse("field Source must not be empty");
      const { Subpath } = mount.ImageOptions ?? {};
      checkSubpath(Subpath, refuse);
      return {
        ...base,
        type: "image",
        name: Source,
        rw: false,
        copy: false,
        anonymous: false,
        options: [],
        ...(Subpath !== undefined && Subpath !== "" && { subpath: Subpath }),
      };
    }
    default: {
      if (Source !== "") throw refuse("field Source must not be specified");
      const { SizeBytes = 0, Mode = 0, Options = [] } = mount.TmpfsOptions ?? {};
      if (SizeBytes < 0) throw refuse("invalid tmpfs size: it must not be negative");
      const given = (Options ?? []).map((pair) => pair.join("="));
      return tmpfs(
        destination,
        [
          ...given,
          ...(ReadOnly ? ["ro"] : []),
          ...(SizeBytes > 0 ? [`size=${SizeBytes}`] : []),
          ...(Mode > 0 ? [`mode=${Mode.toString(8)}`] : []),
        ],
        true,
      );
    }
  }
}

function anonymousVolume(destination: string, driver: string): MountPlan {
  return {
    type: "volume",
    driver,
    destination,
    mode: "",
    rw: true,
    propagation: "",
    recursive: true,
    copy: true,
    anonymous: true,
    options: [],
    listed: true,
  };
}

function tmpfs(target: string, options: readonly string[], listed: boolean): MountPlan {
  if (!target.startsWith("/")) {
    throw badRequest(
      `invalid mount config for type "tmpfs": invalid mount path: '${target}' mount path must be absolute`,
    );
  }
  const given = options.filter((option) => option !== "");
  for (const option of given) {
    if (!tmpfsOption.test(option)) throw badRequest(`invalid tmpfs option ["${option}"]`);
  }
  return {
    type: "tmpfs",
    source: "",
    destination: cleanPath(target),
    mode: "",
    rw: !given.includes("ro"),
    propagation: "",
    recursive: true,
    copy: false,
    anonymous: false,
    options: ["noexec", "nosuid", "nodev", ...given],
    listed,
  };
}

const tmpfsOption =
  /^(r[wo]|(no)?(exec|suid|dev|atime|diratime|relatime)|strictatime|(a?sync)|dirsync|remount|mand|nomand|bind|rbind|r?(private|shared|slave|unbindable)|(size|nr_blocks|nr_inodes)=\d+[kKmMgG%]?|mode=[0-7]+|(uid|gid)=\d+|mpol=[\w:=,*-]+)$/;

/** A path inside a volume or an image must stay inside. */
function checkSubpath(subpath: string | undefined, refuse: (reason: string) => Error): void {
  if (subpath === undefined) return;
  if (subpath.startsWith("/") || subpath.split("/").includes("..")) {
    throw refuse(`subpath must be a relative path within the volume: ${subpath}`);
  }
}
