import type { ContainerState, EndpointSettings } from "../../src/engine/api.ts";
import type { ContainerTarget, Observed, ObservedContainer, Step } from "../../src/reconcile/plan.ts";
import { containerAs } from "./container-as.ts";

/** What an engine holds, and which container each create step of the plan has made. */
export interface World {
  readonly observed: Observed;
  readonly created: ReadonlyMap<number, string>;
}

type Full = Required<ObservedContainer>;
type Of<Op extends Step["op"]> = Extract<Step, { op: Op }>;
let count = 0;

/**
 * What an engine holds after a step, as the documentation of the API has it.
 *
 * @throws Error where an engine would refuse: a name or port in use, a network or volume that is missing or in use
 */
export function simulate({ observed, created }: World, step: Step): World {
  const containers = observed.containers.map(({ summary, inspect }): Full => {
    if (inspect === undefined) throw new Error("a container without an inspect");
    return { summary, inspect };
  });
  const idOf = (target: ContainerTarget) => ("id" in target ? target.id : (created.get(target.createdBy) ?? "nothing"));
  const find = (target: ContainerTarget) => {
    const found = containers.find(({ summary }) => summary.Id === idOf(target));
    if (found === undefined) throw new Error(`step ${step.id}: no such container ${idOf(target)}`);
    return found;
  };
  const changed = (target: ContainerTarget, change: Change): World => {
    const old = find(target);
    const next = containers.map((container) => (container === old ? withChange(container, change) : container));
    return { observed: { ...observed, containers: next }, created };
  };
  const refuseName = (name: string) => {
    if (containers.some(({ inspect }) => inspect.Name === `/${name}`)) throw new Error(`name ${name} is in use`);
  };
  const networkNamed = (name: string) => observed.networks.find(({ Name, Id }) => Name === name || Id === name);

  switch (step.op) {
    case "create-network": {
      if (networkNamed(step.body.Name)) throw new Error(`network ${step.body.Name} exists`);
      const { Driver = "bridge", IPAM = null, ...body } = step.body;
      const network = { ...body, IPAM, Driver, Id: `network-${step.body.Name}-${++count}` };
      return { observed: { ...observed, networks: [...observed.networks, network] }, created };
    }
    case "remove-network": {
      const isUsed = containers.some((container) => isRunning(container) && endpointsOf(container).has(step.network));
      if (isUsed) throw new Error(`network ${step.network} has active endpoints`);
      const networks = observed.networks.filter(({ Id }) => Id !== step.network);
      return { observed: { ...observed, networks }, created };
    }
    case "create-volume": {
      const { Name = "", Driver = "local", DriverOpts = null, Labels = null } = step.body;
      const volume = { Name, Driver, Mountpoint: "", Labels, Options: DriverOpts, Scope: "local" };
      return { observed: { ...observed, volumes: [...observed.volumes, volume] }, created };
    }
    case "remove-volume": {
      const isUsed = containers.some(({ summary }) => summary.Mounts.some(({ Name }) => Name === step.volume));
      if (isUsed) throw new Error(`volume ${step.volume} is in use`);
      const volumes = observed.volumes.filter(({ Name }) => Name !== step.volume);
      return { observed: { ...observed, volumes }, created };
    }
    case "create-container": {
      refuseName(step.name);
      const container = createdBy(step, observed, created);
      const made = new Map([...created, [step.id, container.summary.Id] as const]);
      return { observed: { ...observed, containers: [...containers, container] }, created: made };
    }
    case "start-container": {
      const container = find(step.container);
      const networks = new Map<string, EndpointSettings>();
      for (const [name, endpoint] of Object.entries(container.inspect.NetworkSettings.Networks ?? {})) {
        const network = networkNamed(endpoint.NetworkID || name);
        if (network === undefined) throw new Error(`network ${name} not found`);
        networks.set(name, { ...endpoint, NetworkID: network.Id });
      }
      const Status = container.inspect.Config.Healthcheck ? "Up 1 second (health: starting)" : "Up 1 second";
      const next = withChange(container, { state: "running", status: Status, networks });
      const ports = portsOf(next);
      const holder = containers.find(
        (other) => other !== container && isRunning(other) && portsOf(other).some((port) => ports.includes(port)),
      );
      if (holder !== undefined) throw new Error(`a port of ${step.subject.name} is held by ${holder.inspect.Name}`);
      for (const parent of parentsOf(container)) find({ id: parent });
      return changed(step.container, { state: "running", status: Status, networks });
    }
    case "stop-container":
      return changed(step.container, { state: "exited", status: "Exited (137) 1 second ago" });
    case "remove-container": {
      const container = find(step.container);
      if (isRunning(container) && step.force !== true)
        throw new Error(`container ${container.inspect.Name} is running`);
      const rest = containers.filter((other) => other !== container);
      return { observed: { ...observed, containers: rest }, created };
    }
    case "rename-container":
      refuseName(step.to);
      return changed(step.container, { name: step.to });
    case "update-container":
      return changed(step.container, { host: step.body });
    case "connect-network": {
      const network = networkNamed(step.network);
      if (network === undefined) throw new Error(`network ${step.network} not found`);
      const endpoint = { ...step.endpoint, NetworkID: network.Id };
      const there = Object.entries(find(step.container).inspect.NetworkSettings.Networks ?? {});
      return changed(step.container, { networks: new Map([...there, [network.Name, endpoint]]) });
    }
    case "disconnect-network": {
      const there = Object.entries(find(step.container).inspect.NetworkSettings.Networks ?? {});
      const rest = there.filter(([, { NetworkID }]) => NetworkID !== step.network);
      return changed(step.container, { networks: new Map(rest) });
    }
    case "wait-container": {
      if (step.condition === "completed")
        return changed(step.container, { state: "exited", status: "Exited (0) 1 second ago" });
      const { Config } = find(step.container).inspect;
      return changed(step.container, { status: Config.Healthcheck ? "Up 1 second (healthy)" : "Up 1 second" });
    }
    case "run-hook":
      if (!isRunning(find(step.container))) throw new Error(`a hook needs a running container`);
      return { observed, created };
    default:
      throw new Error(`no engine is simulated for ${step.op}`);
  }
}

/** A container of a create step; `connected`: how many of its further networks it got, all when absent. */
export function createdBy(
  step: Of<"create-container">,
  { images }: Observed,
  created: ReadonlyMap<number, string>,
  connected = step.connect.length,
): Full {
  const fill = (text: string) =>
    text.replace(/\{step (\d+)\}/, (_, id: string) => created.get(Number(id)) ?? "a container that is not there");
  const { HostConfig: host = {}, ...body } = step.body;
  const HostConfig = {
    ...host,
    ...(host.NetworkMode !== undefined && { NetworkMode: fill(host.NetworkMode) }),
    ...(host.IpcMode !== undefined && { IpcMode: fill(host.IpcMode) }),
    ...(host.PidMode !== undefined && { PidMode: fill(host.PidMode) }),
    ...(host.VolumesFrom && { VolumesFrom: host.VolumesFrom.map(fill) }),
  };
  const image = images.get(body.Image ?? "") ?? { id: body.Image ?? "", volumes: [] };
  const networks = new Map<string, EndpointSettings>([
    ...Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {}),
    ...step.connect.slice(0, connected).map(({ network, endpoint }) => [network, endpoint] as const),
  ]);
  const id = `made-${++count}`;
  return containerAs({
    id,
    name: step.name,
    body: { ...body, HostConfig },
    image,
    state: "created",
    status: "Created",
    networks,
  });
}

interface Change {
  readonly name?: string;
  readonly state?: ContainerState;
  readonly status?: string;
  readonly networks?: ReadonlyMap<string, EndpointSettings>;
  readonly host?: Of<"update-container">["body"];
}

function withChange({ summary, inspect }: Full, change: Change): Full {
  return containerAs({
    id: summary.Id,
    name: change.name ?? inspect.Name.slice(1),
    body: { ...inspect.Config, HostConfig: { ...inspect.HostConfig, ...change.host } },
    image: { id: summary.ImageID, volumes: [] },
    state: change.state ?? summary.State,
    status: change.status ?? summary.Status,
    networks: change.networks ?? new Map(Object.entries(inspect.NetworkSettings.Networks ?? {})),
  });
}

function isRunning({ summary }: Full): boolean {
  return ["running", "paused", "restarting"].includes(summary.State);
}

function endpointsOf({ summary }: Full): ReadonlySet<string | undefined> {
  return new Set(Object.values(summary.NetworkSettings?.Networks ?? {}).map(({ NetworkID }) => NetworkID));
}

function portsOf({ summary }: Full): readonly string[] {
  return summary.Ports.flatMap(({ Type, PublicPort }) => (PublicPort === undefined ? [] : [`${Type}/${PublicPort}`]));
}

/** Ids of the containers whose namespaces and volumes a container shares. */
function parentsOf({ inspect: { HostConfig } }: Full): readonly string[] {
  const modes = [HostConfig.NetworkMode, HostConfig.IpcMode, HostConfig.PidMode];
  return [
    ...modes.flatMap((mode) => (mode?.startsWith("container:") ? [mode.slice("container:".length)] : [])),
    ...(HostConfig.VolumesFrom ?? []).map((entry) => entry.replace(/:.*$/, "")),
  ];
}
