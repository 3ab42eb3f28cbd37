/** Refuses, in docker's words, what a container's configuration must not be. EngineError 400. */

import type { ContainerConfig, HealthConfig, HostConfig } from "../../api.ts";
import { badRequest } from "../../refusal.ts";
import { partnerOf } from "../room.ts";
import { checkWorkingDirectory } from "../spec/process.ts";
import { parseSignal } from "../stop.ts";

export function checkConfig(config: ContainerConfig, hostConfig: HostConfig): void {
  const { WorkingDir = "", Env, Hostname = "", Domainname = "", StopSignal, ExposedPorts, Healthcheck } = config;
  if (WorkingDir !== "" && !WorkingDir.startsWith("/")) {
    throw badRequest(`the working directory '${WorkingDir}' is invalid, it needs to be an absolute path`);
  }
  checkWorkingDirectory(WorkingDir);
  for (const variable of Env ?? []) {
    if (variable === "" || variable.startsWith("=")) throw badRequest(`invalid environment variable: ${variable}`);
    if (variable.includes("\0")) throw badRequest("invalid environment variable: it has a NUL in it");
  }
  for (const argument of [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])]) {
    if (argument.includes("\0")) throw badRequest("invalid command: it has a NUL in it");
  }
  if (Hostname !== "" && !/^[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9])?\.?$/.test(Hostname)) {
    throw badRequest(`invalid hostname format: ${Hostname}`);
  }
  if (Hostname.length > 64) throw badRequest(`invalid hostname format: ${Hostname}: it is longer than 64 characters`);
  if (!/^[a-zA-Z0-9_.-]*$/.test(Domainname)) throw badRequest(`invalid domainname format: ${Domainname}`);
  if (StopSignal !== undefined) parseSignal(StopSignal);
  for (const port of Object.keys(ExposedPorts ?? {})) checkPort(port);
  if (Healthcheck != null) checkHealth(Healthcheck);
  checkSharing(config, hostConfig);
}

/** `80`, `80/tcp`, `8000-8010/udp`. */
export function checkPort(text: string): void {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text);
  const [, first = "", last = first] = match ?? [];
  const isPort = (port: string) => Number(port) >= 1 && Number(port) <= 65_535;
  if (match === null || !isPort(first) || !isPort(last) || Number(first) > Number(last)) {
    throw badRequest(`invalid port specification: "${text}"`);
  }
}

function checkHealth({
  Interval = 0,
  Timeout = 0,
  StartPeriod = 0,
  StartInterval = 0,
  Retries = 0,
  Test,
}: HealthConfig): void {
  const durations = { Interval, Timeout, StartPeriod, StartInterval };
  for (const [name, value] of Object.entries(durations)) {
    // Nanoseconds; 0 is "as usual".
    if (value !== 0 && value < 1e6) throw badRequest(`${name} in Healthcheck cannot be less than 1ms`);
  }
  if (Retries < 0) throw badRequest("Retries in Healthcheck cannot be negative");
  const [kind] = Test ?? [];
  if (kind !== undefined && !["NONE", "CMD", "CMD-SHELL"].includes(kind)) {
    throw badRequest(`Unknown healthcheck type '${kind}' (expected 'CMD' or 'CMD-SHELL')`);
  }
}

/** Whoever shares a namespace has no say in what belongs to it. */
function checkSharing(config: ContainerConfig, host: HostConfig): void {
  const { NetworkMode = "", UTSMode = "" } = host;
  const conflicting = (what: string, mode = "the network mode") =>
    badRequest(`conflicting options: ${what} and ${mode}`);
  if (UTSMode === "host" && (config.Hostname ?? "") !== "") throw conflicting("hostname", "the UTS mode");
  if (partnerOf(NetworkMode) === undefined) return;
  if ((config.Hostname ?? "") !== "") throw conflicting("hostname");
  if ((host.Links ?? []).length > 0) {
    throw badRequest(
      "conflicting options: container type network can't be used with links. This would result in undefined behavior",
    );
  }
  if ((host.Dns ?? []).length > 0) throw conflicting("dns");
  if ((host.ExtraHosts ?? []).length > 0) throw conflicting("custom host-to-IP mapping");
  if ((config.MacAddress ?? "") !== "") throw conflicting("mac-address");
  if (Object.keys(host.PortBindings ?? {}).length > 0) {
    throw badRequest("conflicting options: port publishing and the container type network mode");
  }
}
