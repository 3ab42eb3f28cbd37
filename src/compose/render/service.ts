import type { Healthcheck, Hook, PreStartHook, Service } from "../model.ts";
import {
  bytes,
  duration,
  hosts,
  list,
  mapping,
  nonZero,
  object,
  onlyTrue,
  type PlainObject,
  type Style,
  texts,
  words,
} from "./plain.ts";
import {
  renderBlkio,
  renderBuild,
  renderDeploy,
  renderDeviceRequest,
  renderFileReference,
  renderMount,
  renderUlimits,
} from "./service-parts.ts";

/** A service, its attributes in docker compose's order. `command` and `entrypoint` are printed in JSON even when null. */
export function renderService(service: Service, style: Style): PlainObject {
  const command = style === "json" || service.command !== null ? argv(service.command) : undefined;
  const entrypoint = style === "json" || service.entrypoint !== null ? argv(service.entrypoint) : undefined;
  return object(
    {
      profiles: words(service.profiles),
      annotations: texts(service.annotations),
      attach: service.attach,
      build: service.build && renderBuild(service.build, style),
      develop:
        service.develop &&
        object(
          {
            watch: list(service.develop.watch, (rule) =>
              object(
                {
                  path: rule.path,
                  action: rule.action,
                  target: rule.target,
                  // docker compose's JSON has an empty hook where none is written.
                  exec: rule.exec || style === "json" ? renderHook(rule.exec ?? noHook, style) : undefined,
                  include: words(rule.include),
                  ignore: words(rule.ignore),
                  initial_sync: onlyTrue(rule.initial_sync),
                },
                rule.extensions,
                style,
              ),
            ),
          },
          service.develop.extensions,
          style,
        ),
      blkio_config: service.blkio_config && renderBlkio(service.blkio_config, style),
      cap_add: words(service.cap_add),
      cap_drop: words(service.cap_drop),
      cgroup_parent: service.cgroup_parent,
      cgroup: service.cgroup,
      cpu_count: nonZero(service.cpu_count),
      cpu_percent: nonZero(service.cpu_percent),
      cpu_period: nonZero(service.cpu_period),
      cpu_quota: nonZero(service.cpu_quota),
      cpu_rt_period: nonZero(service.cpu_rt_period),
      cpu_rt_runtime: nonZero(service.cpu_rt_runtime),
      cpus: nonZero(service.cpus),
      cpuset: service.cpuset,
      cpu_shares: nonZero(service.cpu_shares),
      command,
      configs: list(service.configs, (config) => renderFileReference(config, style)),
      container_name: service.container_name,
      credential_spec:
        service.credential_spec &&
        object(
          {
            config: service.credential_spec.config,
            file: service.credential_spec.file,
            registry: service.credential_spec.registry,
          },
          service.credential_spec.extensions,
          style,
        ),
      depends_on: mapping(service.depends_on, (dependency) =>
        object(
          { condition: dependency.condition, restart: onlyTrue(dependency.restart), required: dependency.required },
          dependency.extensions,
          style,
        ),
      ),
      deploy: service.deploy && renderDeploy(service.deploy, style),
      device_cgroup_rules: words(service.device_cgroup_rules),
      devices: list(service.devices, (device) =>
        object(
          { source: device.source, target: device.target, permissions: device.permissions },
          device.extensions,
          style,
        ),
      ),
      dns: words(service.dns),
      dns_opt: words(service.dns_opt),
      dns_search: words(service.dns_search),
      domainname: service.domainname,
      entrypoint,
      provider:
        service.provider &&
        object(
          {
            type: service.provider.type,
            options: mapping(service.provider.options, (values) => [...values]),
          },
          service.provider.extensions,
          style,
        ),
      environment: texts(service.environment),
      env_file: list(service.env_file, (file) =>
        object({ path: file.path, required: file.required, format: file.format }, undefined, style),
      ),
      expose: words(service.expose),
      external_links: words(service.external_links),
      extra_hosts: hosts(service.extra_hosts),
      group_add: words(service.group_add),
      gpus: list(service.gpus, (request) => renderDeviceRequest(request, style)),
      hostname: service.hostname,
      healthcheck: service.healthcheck && renderHealthcheck(service.healthcheck, style),
      image: service.image,
      init: service.init,
      ipc: service.ipc,
      isolation: service.isolation,
      labels: texts(service.labels),
      label_file: words(service.label_file),
      links: words(service.links),
      logging:
        service.logging &&
        object(
          { driver: service.logging.driver, options: texts(service.logging.options) },
          service.logging.extensions,
          style,
        ),
      mem_limit: bytes(service.mem_limit),
      mem_reservation: bytes(service.mem_reservation),
      memswap_limit: bytes(service.memswap_limit),
      mem_swappiness: bytes(service.mem_swappiness),
      mac_address: service.mac_address,
      models: mapping(service.models, (model) =>
        model === null
          ? null
          : object({ endpoint_var: model.endpoint_var, model_var: model.model_var }, model.extensions, style),
      ),
      network_mode: service.network_mode,
      networks: mapping(service.networks, (network) =>
        network === null
          ? null
          : object(
              {
                aliases: words(network.aliases),
                driver_opts: texts(network.driver_opts),
                gw_priority: nonZero(network.gw_priority),
                interface_name: network.interface_name,
                ipv4_address: network.ipv4_address,
                ipv6_address: network.ipv6_address,
                link_local_ips: words(network.link_local_ips),
                mac_address: network.mac_address,
                priority: nonZero(network.priority),
              },
              network.extensions,
              style,
            ),
      ),
      oom_kill_disable: onlyTrue(service.oom_kill_disable),
      oom_score_adj: nonZero(service.oom_score_adj),
      pid: service.pid,
      pids_limit: nonZero(service.pids_limit),
      platform: service.platform,
      ports: list(service.ports, (port) =>
        object(
          {
            name: port.name,
            mode: port.mode,
            host_ip: port.host_ip,
            target: port.target,
            published: port.published,
            protocol: port.protocol,
            app_protocol: port.app_protocol,
          },
          port.extensions,
          style,
        ),
      ),
      privileged: onlyTrue(service.privileged),
      pull_policy: service.pull_policy,
      pull_refresh_after: service.pull_refresh_after,
      read_only: onlyTrue(service.read_only),
      restart: service.restart,
      runtime: service.runtime,
      scale: service.scale,
      secrets: list(service.secrets, (secret) => renderFileReference(secret, style)),
      security_opt: words(service.security_opt),
      shm_size: bytes(service.shm_size),
      stdin_open: onlyTrue(service.stdin_open),
      stop_grace_period: duration(service.stop_grace_period),
      stop_signal: service.stop_signal,
      storage_opt: texts(service.storage_opt),
      sysctls: texts(service.sysctls),
      tmpfs: words(service.tmpfs),
      tty: onlyTrue(service.tty),
      ulimits: renderUlimits(service.ulimits),
      use_api_socket: onlyTrue(service.use_api_socket),
      user: service.user,
      userns_mode: service.userns_mode,
      uts: service.uts,
      volumes: list(service.volumes, (mount) => renderMount(mount, style)),
      volumes_from: words(service.volumes_from),
      working_dir: service.working_dir,
      pre_start: list(service.pre_start, (hook) => renderPreStartHook(hook, style)),
      post_start: list(service.post_start, (hook) => renderHook(hook, style)),
      pre_stop: list(service.pre_stop, (hook) => renderHook(hook, style)),
    },
    service.extensions,
    style,
  );
}

function renderHealthcheck(healthcheck: Healthcheck, style: Style): PlainObject {
  return object(
    {
      test: words(healthcheck.test),
      timeout: duration(healthcheck.timeout),
      interval: duration(healthcheck.interval),
      retries: healthcheck.retries,
      start_period: duration(healthcheck.start_period),
      start_interval: duration(healthcheck.start_interval),
      disable: onlyTrue(healthcheck.disable),
    },
    healthcheck.extensions,
    style,
  );
}

/** docker compose's JSON has an empty hook in every watch rule that has none. */
const noHook: Hook = { command: null, extensions: new Map() };

function renderHook(hook: Hook, style: Style): PlainObject {
  return object(
    {
      command: argv(hook.command),
      user: hook.user,
      privileged: onlyTrue(hook.privileged),
      working_dir: hook.working_dir,
      environment: texts(hook.environment),
    },
    hook.extensions,
    style,
  );
}

function renderPreStartHook(hook: PreStartHook, style: Style): PlainObject {
  const { extensions, ...rest } = hook;
  return object(
    {
      ...renderHook({ ...rest, extensions: new Map() }, style),
      image: hook.image,
      per_replica: onlyTrue(hook.per_replica),
    },
    extensions,
    style,
  );
}

function argv(words: readonly string[] | null): string[] | null {
  return words === null ? null : [...words];
}
