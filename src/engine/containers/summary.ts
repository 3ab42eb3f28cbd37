/** A container as the list tells of it. */

import type { ContainerSummary, EndpointSettings } from "../api.ts";
import type { ContainerRecord } from "./record.ts";
import { commandOf } from "./spec/process.ts";
import { tellState } from "./state.ts";
import { statusText } from "./status-text.ts";
import { listPorts, tellMounts } from "./tell-mounts.ts";

/** `now`: milliseconds of Unix time. */
export function summarise(record: ContainerRecord, now: number): ContainerSummary {
  const { id, name, image, created, config, hostConfig } = record;
  return {
    Id: id,
    Names: [`/${name}`],
    Image: image.reference,
    ImageID: image.id,
    Command: commandText(commandOf(config)),
    Created: Math.floor(Date.parse(created) / 1000),
    Ports: listPorts(record),
    Labels: config.Labels ?? {},
    State: tellState(record),
    Status: statusText(record, now),
    HostConfig: { NetworkMode: hostConfig.NetworkMode ?? "bridge", Annotations: hostConfig.Annotations ?? null },
    NetworkSettings: { Networks: tellNetworks(record) },
    Mounts: tellMounts(record.mounts),
  };
}

/** Its networks: filled in while it runs, as they were asked for else. */
export function tellNetworks({ endpoints, state }: ContainerRecord): Record<string, EndpointSettings> {
  return { ...endpoints, ...state.run?.sandbox?.endpoints };
}

/** The program and its arguments on one line; an argument with a space stands in quotes. */
function commandText([program = "", ...args]: readonly string[]): string {
  return [program, ...args.map((argument) => (argument.includes(" ") ? `'${argument}'` : argument))].join(" ");
}
