import type { PreStartHook, Service } from "../compose/model.ts";
import type { ContainerCreateBody } from "../engine/api.ts";
import type { ContainerSpec } from "./body-facts.ts";
import { serviceOf, subjectOf } from "./containers.ts";
import { labels } from "./labels.ts";
import { joined } from "./names.ts";
import type { ContainerTarget, Subject } from "./plan.ts";
import type { UpState } from "./up-state.ts";

/**
 * Adds a service's pre_start hooks, one behind the other; gives the steps that its containers' starts stand behind. Each
 * runs in a container of its own, of its own image or the service's, with the volumes of the service's container and on
 * its networks. One that fails is left for a look; it goes with the next run, or with `down`.
 * Source: compose-spec, "pre_start".
 *
 * @param container the service's container whose volumes the hooks see
 * @param spec what containers of the service are made from
 */
export function addPreStart(
  state: UpState,
  service: Service,
  spec: ContainerSpec,
  { container, after }: { readonly container: ContainerTarget; readonly after: readonly number[] },
): readonly number[] {
  const { draft, model } = state;
  let behind = [...after, ...removeLeftovers(state, service)];
  for (const [index, hook] of (service.pre_start ?? []).entries()) {
    const name = joined(model, service.name, "pre_start", String(index + 1));
    const subject: Subject = { kind: "container", name };
    const create = draft.add({
      op: "create-container",
      name,
      body: hookBody(spec, hook, container),
      files: spec.files,
      connect: spec.connect.map(({ network, endpoint }) => ({ network, endpoint: withoutNames(endpoint) })),
      subject,
      why: "pre_start",
      after: behind,
      ...(spec.platform !== undefined && { platform: spec.platform }),
    });
    const made = { createdBy: create };
    const start = draft.add({ op: "start-container", container: made, subject, why: "pre_start", after: [create] });
    const wait = draft.add({
      op: "wait-container",
      container: made,
      condition: "completed",
      subject,
      why: `"${service.name}" starts behind it`,
      after: [start],
    });
    behind = [
      draft.add({ op: "remove-container", container: made, volumes: true, subject, why: "it is done", after: [wait] }),
    ];
  }
  return behind;
}

/** Containers of hooks that failed, or that an interrupted run has left, make room. */
function removeLeftovers({ draft, observed }: UpState, service: Service): readonly number[] {
  return (observed.hooks ?? [])
    .filter((hook) => serviceOf(hook) === service.name)
    .map((hook) =>
      draft.add({
        op: "remove-container",
        container: { id: hook.summary.Id },
        volumes: true,
        force: true,
        subject: subjectOf(hook),
        why: "left by an earlier run",
        after: [],
      }),
    );
}

function hookBody({ body }: ContainerSpec, hook: PreStartHook, container: ContainerTarget): ContainerCreateBody {
  const [program = "", ...words] = hook.command ?? [];
  const own = [...(hook.environment ?? [])].flatMap(([key, value]) => (value === null ? [] : [`${key}=${value}`]));
  const wanted: readonly string[] = [labels.project, labels.service, labels.version];
  const {
    Mounts: _mounts,
    Binds: _binds,
    Tmpfs,
    PortBindings: _ports,
    RestartPolicy: _policy,
    ...host
  } = body.HostConfig ?? {};
  const { ExposedPorts: _exposed, Healthcheck: _health, StopSignal: _signal, ...rest } = body;
  const id = "id" in container ? container.id : `{step ${container.createdBy}}`;
  return {
    ...rest,
    AttachStdin: false,
    OpenStdin: false,
    StdinOnce: false,
    Tty: false,
    Entrypoint: [program],
    Cmd: words,
    Env: [...(body.Env ?? []), ...own],
    Healthcheck: { Test: ["NONE"] },
    ...(hook.image !== undefined && { Image: hook.image }),
    ...(hook.user !== undefined && { User: hook.user }),
    ...(hook.working_dir !== undefined && { WorkingDir: hook.working_dir }),
    Labels: {
      ...Object.fromEntries(Object.entries(body.Labels ?? {}).filter(([key]) => wanted.includes(key))),
      [labels.hook]: "pre_start",
    },
    HostConfig: {
      ...host,
      ...(Tmpfs !== undefined && { Tmpfs }),
      ...(hook.privileged !== undefined && { Privileged: hook.privileged }),
      VolumesFrom: [id],
    },
    ...(body.NetworkingConfig && {
      NetworkingConfig: {
        EndpointsConfig: Object.fromEntries(
          Object.entries(body.NetworkingConfig.EndpointsConfig ?? {}).map(([network, endpoint]) => [
            network,
            withoutNames(endpoint),
          ]),
        ),
      },
    }),
  };
}

type Endpoint = ContainerSpec["connect"][number]["endpoint"];

/** The names and addresses of the service are its own containers'. */
function withoutNames({
  Aliases: _aliases,
  IPAMConfig: _addresses,
  MacAddress: _mac,
  ...endpoint
}: Endpoint): Endpoint {
  return endpoint;
}
