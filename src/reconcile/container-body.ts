import type { Service } from "../compose/model.ts";
import type { ContainerCreateBody, HostConfig } from "../engine/api.ts";
import { supports } from "./api-version.ts";
import { warnOfCluster } from "./body-cluster.ts";
import type { BodyFacts, BodyWarning, ContainerSpec, Warn } from "./body-facts.ts";
import { injectedFiles } from "./body-files.ts";
import { healthPart } from "./body-health.ts";
import { type MountPart, mountPart } from "./body-mounts.ts";
import { type NetworkPart, networkPart } from "./body-networks.ts";
import { portPart } from "./body-ports.ts";
import { resourcePart, restartPart } from "./body-resources.ts";
import { securityPart } from "./body-security.ts";
import { fieldDigests, imageVariables } from "./fields.ts";
import { containerLabels } from "./labels.ts";
import { sharedNamespace } from "./namespaces.ts";
import { platformOf } from "./platform.ts";
import { listOf, present, recordOf } from "./present.ts";

/**
 * What is sent to the engine to create one container of a service: every attribute that the engine can honour, as
 * docker compose maps it. Each one that it cannot honour is a warning, of severity error where the container would not
 * be what the file says.
 */
export function containerSpec(facts: BodyFacts): ContainerSpec {
  const { service, apiVersion } = facts;
  const warnings: BodyWarning[] = [];
  const warn: Warn = (code, path, message) => {
    const severity = code === "unsupported" ? "error" : "warning";
    warnings.push({ service: service.name, path, severity, code, message });
  };
  const fields = fieldDigests(facts);
  const platform = platformOf(facts.project, service);
  const network = networkPart(facts, warn);
  const mounts = mountPart(facts, warn);
  const files = injectedFiles(facts, warn);
  const ports = portPart(service, warn);
  warnOfCluster(service, warn);
  const body = present<ContainerCreateBody>({
    Hostname: service.hostname,
    Domainname: service.domainname,
    User: service.user,
    AttachStdin: facts.oneOff?.stdin ?? false,
    AttachStdout: true,
    AttachStderr: true,
    ExposedPorts: ports.exposed,
    Tty: service.tty ?? false,
    OpenStdin: service.stdin_open ?? false,
    StdinOnce: facts.oneOff?.stdin ?? false,
    Env: environmentOf(facts),
    Cmd: service.command === null ? undefined : [...service.command],
    Entrypoint: service.entrypoint === null ? undefined : [...service.entrypoint],
    Healthcheck: healthPart(service.healthcheck, apiVersion, warn),
    Image: facts.imageReference,
    WorkingDir: service.working_dir,
    MacAddress: network.macAddress,
    Labels: containerLabels(facts, fields),
    StopSignal: service.stop_signal,
    StopTimeout: service.stop_grace_period === undefined ? undefined : Math.ceil(service.stop_grace_period / 1e9),
    HostConfig: hostConfig(facts, network, mounts, ports.bindings, warn),
    NetworkingConfig: Object.keys(network.endpoints).length === 0 ? undefined : { EndpointsConfig: network.endpoints },
  });
  return {
    body,
    files,
    connect: network.connect,
    fields,
    mountFields: mounts.fields,
    warnings,
    ...(platform !== undefined && { platform }),
  };
}

function hostConfig(
  facts: BodyFacts,
  network: NetworkPart,
  mounts: MountPart,
  bindings: HostConfig["PortBindings"],
  warn: Warn,
): HostConfig {
  const { service } = facts;
  const security = securityPart(facts, warn);
  const namespace = (attribute: "ipc" | "pid" | "uts" | "cgroup") => {
    const parent = sharedNamespace(service[attribute]);
    if (parent === undefined) return service[attribute];
    if (attribute === "ipc" || attribute === "pid") return facts.containerOf(parent);
    warn("unsupported", [attribute], `${attribute} cannot be shared with a service`);
    return undefined;
  };
  return present<HostConfig>({
    AutoRemove: facts.oneOff?.autoRemove || undefined,
    Annotations: annotationsOf(facts, warn),
    Binds: listOf(mounts.binds),
    Mounts: listOf(mounts.mounts),
    Tmpfs: recordOf(mounts.tmpfs),
    VolumesFrom: listOf(mounts.volumesFrom),
    LogConfig: logConfigOf(service),
    NetworkMode: network.mode,
    PortBindings: bindings,
    RestartPolicy: restartPart(service, warn),
    CapAdd: listOf(service.cap_add),
    CapDrop: listOf(service.cap_drop),
    CgroupnsMode: namespace("cgroup"),
    Dns: listOf(service.dns),
    DnsOptions: listOf(service.dns_opt),
    DnsSearch: listOf(service.dns_search),
    ExtraHosts: listOf(
      [...(service.extra_hosts ?? [])].flatMap(([host, addresses]) => addresses.map((address) => `${host}:${address}`)),
    ),
    GroupAdd: listOf(service.group_add),
    IpcMode: namespace("ipc"),
    Links: network.links,
    OomScoreAdj: service.oom_score_adj,
    PidMode: namespace("pid"),
    Privileged: service.privileged,
    ReadonlyRootfs: service.read_only,
    SecurityOpt: listOf(security.options),
    MaskedPaths: security.unmasked ? [] : undefined,
    ReadonlyPaths: security.unmasked ? [] : undefined,
    StorageOpt: recordOf(service.storage_opt),
    UTSMode: namespace("uts"),
    UsernsMode: service.userns_mode,
    ShmSize: service.shm_size,
    Sysctls: recordOf(service.sysctls),
    Runtime: service.runtime,
    Isolation: service.isolation,
    Init: service.init,
    ...resourcePart(service),
  });
}

/**
 * Variables in the order of the file. One that is set nowhere is not there: sent as a bare name, which takes it away,
 * where the image has it.
 */
function environmentOf({ service, image }: BodyFacts): string[] | undefined {
  const own = imageVariables(image);
  return listOf(
    [...(service.environment ?? [])].flatMap(([name, value]) => {
      if (value !== null) return [`${name}=${value}`];
      return own.has(name) ? [name] : [];
    }),
  );
}

function annotationsOf({ service, apiVersion }: BodyFacts, warn: Warn): Record<string, string> | undefined {
  if (service.annotations === undefined || service.annotations.size === 0) return undefined;
  if (supports(apiVersion, "1.43")) return recordOf(service.annotations);
  warn(
    "needs-newer-engine",
    ["annotations"],
    `annotations need an engine with API 1.43, this one speaks ${apiVersion}`,
  );
  return undefined;
}

function logConfigOf({ logging }: Service): HostConfig["LogConfig"] {
  if (logging === undefined) return undefined;
  return present<NonNullable<HostConfig["LogConfig"]>>({ Type: logging.driver, Config: recordOf(logging.options) });
}
