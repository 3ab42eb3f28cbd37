import type {
  ContainerCreateBody,
  ContainerInspect,
  ContainerState,
  EndpointSettings,
  MountPoint,
} from "../../src/engine/api.ts";
import type { ObservedContainer, ObservedImage } from "../../src/reconcile/plan.ts";

export interface ContainerFacts {
  readonly id: string;
  readonly name: string;
  readonly body: ContainerCreateBody;
  readonly image: Pick<ObservedImage, "id" | "volumes">;
  readonly state: ContainerState;
  /** `Up 2 hours (healthy)`. */
  readonly status: string;
  readonly networks: ReadonlyMap<string, EndpointSettings>;
}

/** A container as the engine shows it: in its list, and when it is inspected. */
export function containerAs({
  id,
  name,
  body,
  image,
  state,
  status,
  networks,
}: ContainerFacts): Required<ObservedContainer> {
  const Mounts = mountsOf(body, id, image.volumes);
  const summary: ObservedContainer["summary"] = {
    Id: id,
    Names: [`/${name}`],
    Image: body.Image ?? "",
    ImageID: image.id,
    Command: "",
    Created: 0,
    State: state,
    Status: status,
    Ports: state === "running" ? portsOf(body) : [],
    Labels: body.Labels ?? {},
    Mounts,
    HostConfig: { NetworkMode: body.HostConfig?.NetworkMode ?? "default" },
    // The engine's list does not tell aliases.
    NetworkSettings: {
      Networks: Object.fromEntries([...networks].map(([key, end]) => [key, { ...end, Aliases: null }])),
    },
  };
  const inspect: ContainerInspect = {
    Id: id,
    Created: "",
    Path: "",
    Args: [],
    Name: `/${name}`,
    Image: image.id,
    RestartCount: 0,
    State: stateOfInspect(state),
    Config: body,
    HostConfig: body.HostConfig ?? {},
    Mounts,
    NetworkSettings: { Networks: Object.fromEntries(networks) },
  };
  return { summary, inspect };
}

function stateOfInspect(Status: ContainerState): ContainerInspect["State"] {
  return {
    Status,
    Running: Status === "running",
    Paused: Status === "paused",
    Restarting: Status === "restarting",
    OOMKilled: false,
    Dead: Status === "dead",
    Pid: 0,
    ExitCode: 0,
    Error: "",
    StartedAt: "",
    FinishedAt: "",
  };
}

function mountsOf(body: ContainerCreateBody, id: string, imageVolumes: readonly string[]): readonly MountPoint[] {
  const mounts = body.HostConfig?.Mounts ?? [];
  const anonymous = (Destination: string): MountPoint => {
    return { Type: "volume", Name: `anonymous-${id.replace(/^id-/, "")}`, Source: "", Destination, RW: true };
  };
  const asked = mounts.flatMap(({ Type, Source, Target, ReadOnly }): MountPoint[] => {
    if (Type !== "volume") return [];
    if (Source === undefined) return [anonymous(Target)];
    return [{ Type, Name: Source, Source: "", Destination: Target, RW: ReadOnly !== true }];
  });
  return [...asked, ...imageVolumes.filter((path) => !mounts.some(({ Target }) => Target === path)).map(anonymous)];
}

function portsOf(body: ContainerCreateBody): ObservedContainer["summary"]["Ports"] {
  return Object.entries(body.HostConfig?.PortBindings ?? {}).flatMap(([port, bindings]) => {
    const [number = "", Type = "tcp"] = port.split("/");
    return (bindings ?? []).map(({ HostPort }) => ({
      PrivatePort: Number(number),
      Type,
      ...(HostPort && { PublicPort: Number(HostPort) }),
    }));
  });
}
