import type {
  BlkioConfig,
  Build,
  Deploy,
  DeviceRequest,
  FileReference,
  Mount,
  ThrottleDevice,
  Ulimit,
  UpdateConfig,
} from "../model.ts";
import {
  bytes,
  duration,
  hosts,
  list,
  mapping,
  mode,
  nonZero,
  object,
  onlyTrue,
  type Plain,
  type PlainObject,
  type Style,
  sorted,
  texts,
  words,
} from "./plain.ts";

/** How an image is built. */
export function renderBuild(build: Build, style: Style): PlainObject {
  return object(
    {
      context: build.context,
      dockerfile: build.dockerfile,
      dockerfile_inline: build.dockerfile_inline,
      entitlements: words(build.entitlements),
      args: texts(build.args),
      provenance: build.provenance,
      sbom: build.sbom,
      ssh: renderSsh(build.ssh),
      labels: texts(build.labels),
      cache_from: words(build.cache_from),
      cache_to: words(build.cache_to),
      no_cache: onlyTrue(build.no_cache),
      no_cache_filter: words(build.no_cache_filter),
      additional_contexts: texts(build.additional_contexts),
      pull: onlyTrue(build.pull),
      extra_hosts: hosts(build.extra_hosts),
      isolation: build.isolation,
      network: build.network,
      target: build.target,
      secrets: list(build.secrets, (secret) => renderFileReference(secret, style)),
      shm_size: bytes(build.shm_size),
      tags: words(build.tags),
      ulimits: renderUlimits(build.ulimits),
      platforms: words(build.platforms),
      privileged: onlyTrue(build.privileged),
    },
    build.extensions,
    style,
  );
}

/** `ID`, or `ID=PATH`. docker compose prints `ID: PATH`, which it cannot read again. */
function renderSsh(keys: ReadonlyMap<string, string> | undefined): Plain[] | undefined {
  return words(sorted(keys ?? new Map<string, string>()).map(([id, path]) => (path === "" ? id : `${id}=${path}`)));
}

/** Replicas, resources and restarts. JSON always shows `resources` and `placement`. */
export function renderDeploy(deploy: Deploy, style: Style): PlainObject {
  const resources = object(
    {
      limits:
        deploy.resources?.limits &&
        object(
          {
            cpus: nonZero(deploy.resources.limits.cpus),
            memory: bytes(deploy.resources.limits.memory),
            pids: nonZero(deploy.resources.limits.pids),
          },
          deploy.resources.limits.extensions,
          style,
        ),
      reservations:
        deploy.resources?.reservations &&
        object(
          {
            cpus: nonZero(deploy.resources.reservations.cpus),
            memory: bytes(deploy.resources.reservations.memory),
            devices: list(deploy.resources.reservations.devices, (request) => renderDeviceRequest(request, style)),
            generic_resources: list(deploy.resources.reservations.generic_resources, (resource) =>
              object(
                { discrete_resource_spec: resource.discrete_resource_spec && { ...resource.discrete_resource_spec } },
                undefined,
                style,
              ),
            ),
          },
          deploy.resources.reservations.extensions,
          style,
        ),
    },
    deploy.resources?.extensions,
    style,
  );
  const placement = object(
    {
      constraints: words(deploy.placement?.constraints),
      preferences: list(deploy.placement?.preferences, (preference) =>
        object({ spread: preference.spread }, undefined, style),
      ),
      max_replicas_per_node: nonZero(deploy.placement?.max_replicas_per_node),
    },
    deploy.placement?.extensions,
    style,
  );
  return object(
    {
      mode: deploy.mode,
      replicas: deploy.replicas,
      labels: texts(deploy.labels),
      update_config: deploy.update_config && renderRollout(deploy.update_config, style),
      rollback_config: deploy.rollback_config && renderRollout(deploy.rollback_config, style),
      resources: filled(resources, style),
      restart_policy:
        deploy.restart_policy &&
        object(
          {
            condition: deploy.restart_policy.condition,
            delay: duration(deploy.restart_policy.delay),
            max_attempts: deploy.restart_policy.max_attempts,
            window: duration(deploy.restart_policy.window),
          },
          deploy.restart_policy.extensions,
          style,
        ),
      placement: filled(placement, style),
      endpoint_mode: deploy.endpoint_mode,
    },
    deploy.extensions,
    style,
  );
}

/** YAML leaves an empty structure out, JSON does not. */
function filled(value: PlainObject, style: Style): PlainObject | undefined {
  return style === "json" || Object.keys(value).length > 0 ? value : undefined;
}

function renderRollout(config: UpdateConfig, style: Style): PlainObject {
  return object(
    {
      parallelism: config.parallelism,
      delay: nonZero(config.delay) && duration(config.delay),
      failure_action: config.failure_action,
      monitor: nonZero(config.monitor) && duration(config.monitor),
      max_failure_ratio: nonZero(config.max_failure_ratio),
      order: config.order,
    },
    config.extensions,
    style,
  );
}

/** A request for devices; -1 stands for all. */
export function renderDeviceRequest(request: DeviceRequest, style: Style): PlainObject {
  return object(
    {
      capabilities: words(request.capabilities),
      driver: request.driver,
      count: nonZero(request.count),
      device_ids: words(request.device_ids),
      options: texts(request.options),
    },
    undefined,
    style,
  );
}

/** Shares and limits of block input and output. */
export function renderBlkio(config: BlkioConfig, style: Style): PlainObject {
  const throttles = (devices: readonly ThrottleDevice[] | undefined) =>
    list(devices, (device) => ({ path: device.path, rate: String(device.rate) }));
  return object(
    {
      weight: nonZero(config.weight),
      weight_device: list(config.weight_device, (device) => ({ ...device })),
      device_read_bps: throttles(config.device_read_bps),
      device_read_iops: throttles(config.device_read_iops),
      device_write_bps: throttles(config.device_write_bps),
      device_write_iops: throttles(config.device_write_iops),
    },
    undefined,
    style,
  );
}

/** A use of a secret or config. */
export function renderFileReference(reference: FileReference, style: Style): PlainObject {
  return object(
    {
      source: reference.source,
      target: reference.target,
      uid: reference.uid,
      gid: reference.gid,
      mode: mode(reference.mode),
    },
    reference.extensions,
    style,
  );
}

/** Resource limits: one number where one was written. */
export function renderUlimits(ulimits: ReadonlyMap<string, Ulimit> | undefined): PlainObject | undefined {
  return mapping(ulimits, ({ soft, hard, single }) => (single ? soft : { soft, hard }));
}

/** A mount; an empty `bind` or `volume` is kept. */
export function renderMount(mount: Mount, style: Style): PlainObject {
  return object(
    {
      type: mount.type,
      source: mount.source,
      target: mount.target,
      read_only: onlyTrue(mount.read_only),
      consistency: mount.consistency,
      bind:
        mount.bind &&
        object(
          {
            selinux: mount.bind.selinux,
            propagation: mount.bind.propagation,
            create_host_path: mount.bind.create_host_path,
            recursive: mount.bind.recursive,
          },
          mount.bind.extensions,
          style,
        ),
      volume:
        mount.volume &&
        object(
          {
            labels: texts(mount.volume.labels),
            nocopy: onlyTrue(mount.volume.nocopy),
            subpath: mount.volume.subpath,
          },
          mount.volume.extensions,
          style,
        ),
      tmpfs:
        mount.tmpfs &&
        object({ size: bytes(mount.tmpfs.size), mode: nonZero(mount.tmpfs.mode) }, mount.tmpfs.extensions, style),
      image: mount.image && object({ subpath: mount.image.subpath }, mount.image.extensions, style),
    },
    mount.extensions,
    style,
  );
}
