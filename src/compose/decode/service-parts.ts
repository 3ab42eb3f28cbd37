import type {
  BlkioConfig,
  Dependency,
  DeviceMapping,
  DeviceRequest,
  EnvFile,
  FileReference,
  Healthcheck,
  Hook,
  Mount,
  Port,
  PreStartHook,
  ServiceNetwork,
  Ulimit,
  WatchRule,
} from "../model.ts";
import { child } from "../node.ts";
import { present } from "./present.ts";
import type { Reader } from "./reader.ts";

const conditions = ["service_started", "service_healthy", "service_completed_successfully"] as const;
const actions = ["rebuild", "sync", "restart", "sync+restart", "sync+exec"] as const;
const mountTypes = ["bind", "volume", "tmpfs", "cluster", "npipe", "image"] as const;

/** The `ulimits` of a service or a build: a number stands for both limits. */
export function decodeUlimits(r: Reader): ReadonlyMap<string, Ulimit> | undefined {
  const node = child(r.node, "ulimits");
  if (node?.kind !== "mapping") return undefined;
  return r.named("ulimits", (limit, name): Ulimit => {
    const value = child(node, name);
    if (value?.kind === "scalar") return { soft: Number(value.value), hard: Number(value.value), single: true };
    return { soft: limit.integer("soft") ?? 0, hard: limit.integer("hard") ?? 0, single: false };
  });
}

/** A use of a top-level secret or config. */
export function decodeFileReference(r: Reader): FileReference {
  return present({
    source: r.text("source") ?? "",
    target: r.text("target"),
    uid: r.text("uid"),
    gid: r.text("gid"),
    mode: r.mode("mode"),
    extensions: r.extensions(),
  });
}

/** A request for devices, below `gpus` or `deploy.resources.reservations.devices`. */
export function decodeDeviceRequest(r: Reader): DeviceRequest {
  return present({
    capabilities: r.texts("capabilities"),
    driver: r.text("driver"),
    count: r.count("count"),
    device_ids: r.texts("device_ids"),
    options: r.pairs("options"),
  });
}

/** What a service expects of another one. */
export function decodeDependency(r: Reader): Dependency {
  return present({
    condition: r.choice("condition", conditions) ?? "service_started",
    restart: r.flag("restart"),
    required: r.flag("required") ?? true,
    extensions: r.extensions(),
  });
}

/** Shares and limits of block input and output. */
export function decodeBlkio(r: Reader): BlkioConfig {
  const throttles = (key: string) =>
    r.list(key, (device) => ({ path: device.text("path") ?? "", rate: device.size("rate") ?? 0 }));
  return present({
    weight: r.integer("weight"),
    weight_device: r.list("weight_device", (device) => ({
      path: device.text("path") ?? "",
      weight: device.integer("weight") ?? 0,
    })),
    device_read_bps: throttles("device_read_bps"),
    device_read_iops: throttles("device_read_iops"),
    device_write_bps: throttles("device_write_bps"),
    device_write_iops: throttles("device_write_iops"),
  });
}

/** A device of the host. */
export function decodeDevice(r: Reader): DeviceMapping {
  return present({
    source: r.text("source") ?? "",
    target: r.text("target"),
    permissions: r.text("permissions"),
    extensions: r.extensions(),
  });
}

/** One env file. */
export function decodeEnvFile(r: Reader): EnvFile {
  return present({ path: r.text("path") ?? "", required: r.flag("required") ?? true, format: r.text("format") });
}

/** A health check; a text is a command for the shell. */
export function decodeHealthcheck(r: Reader): Healthcheck {
  const test = child(r.node, "test");
  const words = r.texts("test");
  return present({
    test: test?.kind === "scalar" && words !== undefined ? ["CMD-SHELL", ...words] : words,
    interval: r.duration("interval"),
    timeout: r.duration("timeout"),
    retries: r.integer("retries"),
    start_period: r.duration("start_period"),
    start_interval: r.duration("start_interval"),
    disable: r.flag("disable"),
    extensions: r.extensions(),
  });
}

/** A command that runs in the container. */
export function decodeHook(r: Reader): Hook {
  return present({
    command: r.command("command") ?? null,
    user: r.text("user"),
    privileged: r.flag("privileged"),
    working_dir: r.text("working_dir"),
    environment: r.variables("environment"),
    extensions: r.extensions(),
  });
}

/** A container that runs before the service. */
export function decodePreStartHook(r: Reader): PreStartHook {
  return present({ ...decodeHook(r), image: r.text("image"), per_replica: r.flag("per_replica") });
}

/** One rule of `develop.watch`. */
export function decodeWatchRule(r: Reader): WatchRule {
  return present({
    path: r.text("path") ?? "",
    action: r.choice("action", actions) ?? "rebuild",
    target: r.text("target"),
    exec: r.below("exec", decodeHook),
    include: r.texts("include"),
    ignore: r.texts("ignore"),
    initial_sync: r.flag("initial_sync"),
    extensions: r.extensions(),
  });
}

/** How a service joins a network. */
export function decodeAttachment(r: Reader): ServiceNetwork {
  return present({
    aliases: r.texts("aliases"),
    interface_name: r.text("interface_name"),
    ipv4_address: r.text("ipv4_address"),
    ipv6_address: r.text("ipv6_address"),
    link_local_ips: r.texts("link_local_ips"),
    mac_address: r.text("mac_address"),
    driver_opts: r.pairs("driver_opts"),
    priority: r.number("priority"),
    gw_priority: r.number("gw_priority"),
    extensions: r.extensions(),
  });
}

/** A published port. */
export function decodePort(r: Reader): Port {
  return present({
    name: r.text("name"),
    mode: r.text("mode"),
    host_ip: r.text("host_ip"),
    target: r.integer("target") ?? 0,
    published: r.text("published"),
    protocol: r.text("protocol"),
    app_protocol: r.text("app_protocol"),
    extensions: r.extensions(),
  });
}

/** Options of a provider; one value is a list of one. */
export function decodeProviderOptions(r: Reader): ReadonlyMap<string, readonly string[]> | undefined {
  const node = child(r.node, "options");
  if (node?.kind !== "mapping") return undefined;
  return new Map(
    [...node.entries].map(([key, { value }]) => {
      const items = value.kind === "sequence" ? value.items : [value];
      return [key, items.flatMap((item) => (item.kind === "scalar" ? [item.text] : []))];
    }),
  );
}

/** A mount of the long form. */
export function decodeMount(r: Reader): Mount {
  return present({
    type: r.choice("type", mountTypes) ?? "volume",
    source: r.text("source"),
    target: r.text("target") ?? "",
    read_only: r.flag("read_only"),
    consistency: r.text("consistency"),
    bind: r.below("bind", (bind) =>
      present({
        propagation: bind.text("propagation"),
        create_host_path: bind.flag("create_host_path"),
        recursive: bind.text("recursive"),
        selinux: bind.text("selinux"),
        extensions: bind.extensions(),
      }),
    ),
    volume: r.below("volume", (volume) =>
      present({
        labels: volume.pairs("labels"),
        nocopy: volume.flag("nocopy"),
        subpath: volume.text("subpath"),
        extensions: volume.extensions(),
      }),
    ),
    tmpfs: r.below("tmpfs", (tmpfs) =>
      present({ size: tmpfs.size("size"), mode: tmpfs.mode("mode"), extensions: tmpfs.extensions() }),
    ),
    image: r.below("image", (image) => present({ subpath: image.text("subpath"), extensions: image.extensions() })),
    extensions: r.extensions(),
  });
}
