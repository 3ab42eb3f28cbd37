/** Refuses, in docker's words, what HostConfig must not be. EngineError 400. */

import type { HostConfig, RestartPolicySpec } from "../../api.ts";
import { badRequest } from "../../refusal.ts";
import { partnerOf } from "../room.ts";
import { chooseCapabilities } from "../spec/capabilities.ts";
import { parseDeviceRule } from "../spec/devices.ts";
import { securityOf } from "../spec/security.ts";
import { checkPort } from "./check.ts";
import { checkResources } from "./check-resources.ts";

/** What cannot be had here is said as a warning. `cpus`: how many the host has. */
export function checkHostConfig(host: HostConfig, facts: { readonly cpus: number; readonly arch: string }): string[] {
  checkRestartPolicy(host.RestartPolicy);
  if (host.AutoRemove === true && !["", "no"].includes(host.RestartPolicy?.Name ?? "")) {
    throw badRequest("can't create 'AutoRemove' container with restart policy");
  }
  chooseCapabilities({ add: host.CapAdd ?? [], drop: host.CapDrop ?? [], privileged: false, available: [] });
  securityOf(host.SecurityOpt ?? []);
  for (const rule of host.DeviceCgroupRules ?? []) parseDeviceRule(rule);
  for (const device of host.Devices ?? []) {
    if (!/^[rwm]{0,3}$/.test(device.CgroupPermissions ?? "")) {
      throw badRequest(`invalid device mode: ${device.CgroupPermissions}`);
    }
  }
  checkModes(host);
  checkPorts(host);
  checkNames(host);
  if ((host.ShmSize ?? 0) < 0) throw badRequest("SHM size can not be less than 0");
  const score = host.OomScoreAdj ?? 0;
  if (score < -1000 || score > 1000) {
    throw badRequest(`Invalid value ${score}, range for oom score adj is [-1000, 1000]`);
  }
  if (!["", "crun", "runc", "io.containerd.runc.v2"].includes(host.Runtime ?? "")) {
    throw badRequest(`unknown or invalid runtime name: ${host.Runtime}`);
  }
  if ((host.Isolation ?? "") !== "" && host.Isolation !== "default") {
    throw badRequest(`invalid isolation '${host.Isolation}' on linux`);
  }
  if ((host.ConsoleSize ?? [0, 0]).length !== 2) throw badRequest("invalid console size: it has height and width");
  for (const { Name, Soft, Hard } of host.Ulimits ?? []) {
    if (!ulimits.has(Name)) throw badRequest(`invalid ulimit type: ${Name}`);
    if (Hard !== -1 && (Soft > Hard || Soft === -1)) {
      throw badRequest(`ulimit soft limit must be less than or equal to hard limit: ${Soft} > ${Hard}`);
    }
  }
  if (Object.keys(host.StorageOpt ?? {}).length > 0) {
    throw badRequest("--storage-opt is supported only for overlay over xfs with 'pquota' mount option");
  }
  checkResources(host, facts.cpus);
  return [];
}

export function checkRestartPolicy(policy: RestartPolicySpec | undefined): void {
  const { Name = "", MaximumRetryCount = 0 } = policy ?? {};
  if (!["", "no", "always", "on-failure", "unless-stopped"].includes(Name)) {
    throw badRequest(
      `invalid restart policy: unknown policy '${Name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  }
  if (MaximumRetryCount < 0) throw badRequest("invalid restart policy: maximum retry count cannot be negative");
  if (MaximumRetryCount > 0 && Name !== "on-failure") {
    throw badRequest("invalid restart policy: maximum retry count can only be used with 'on-failure'");
  }
}

const ulimits = new Set(
  "as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(" "),
);

function checkModes({
  PidMode = "",
  IpcMode = "",
  UTSMode = "",
  CgroupnsMode = "",
  UsernsMode = "",
  ...host
}: HostConfig): void {
  const isPartner = (mode: string) => (partnerOf(mode) ?? "") !== "";
  if (!["", "host"].includes(PidMode) && !isPartner(PidMode)) throw badRequest(`invalid PID mode: ${PidMode}`);
  if (!["", "none", "private", "shareable", "host"].includes(IpcMode) && !isPartner(IpcMode)) {
    throw badRequest(`invalid IPC mode: ${IpcMode}`);
  }
  if (!["", "host"].includes(UTSMode)) throw badRequest(`invalid UTS mode: ${UTSMode}`);
  if (!["", "host", "private"].includes(CgroupnsMode))
    throw badRequest(`invalid cgroup namespace mode: ${CgroupnsMode}`);
  if (!["", "host"].includes(UsernsMode)) throw badRequest(`invalid USER mode: ${UsernsMode}`);
  if (partnerOf(host.NetworkMode) === "") throw badRequest("invalid container format container:<name|id>");
  const ownNet = Object.keys(host.Sysctls ?? {}).find((key) => key.startsWith("net."));
  if (host.NetworkMode === "host" && ownNet !== undefined && host.Privileged !== true) {
    throw badRequest(`sysctl "${ownNet}" not allowed in host network namespace`);
  }
  for (const key of Object.keys(host.Sysctls ?? {})) {
    if (!/^[a-zA-Z0-9_./-]+$/.test(key)) throw badRequest(`sysctl '${key}' is not allowed`);
  }
}

function checkPorts({ PortBindings }: HostConfig): void {
  for (const [port, bindings] of Object.entries(PortBindings ?? {})) {
    checkPort(port);
    for (const { HostPort = "" } of bindings ?? []) {
      if (HostPort === "") continue;
      if (!/^\d{1,5}(-\d{1,5})?$/.test(HostPort) || HostPort.split("-").some((part) => Number(part) > 65_535)) {
        throw badRequest(`invalid port specification: "${HostPort}"`);
      }
    }
  }
}

function checkNames({ ExtraHosts, Dns }: HostConfig): void {
  for (const text of ExtraHosts ?? []) {
    const at = text.indexOf(":");
    const address = text.slice(at + 1);
    if (at <= 0 || address === "" || !/^[a-zA-Z0-9_.-]+$/.test(text.slice(0, at))) {
      throw badRequest(`bad format for add-host: "${text}"`);
    }
    if (address !== "host-gateway" && !/^[0-9a-fA-F.:]+$/.test(address)) {
      throw badRequest(`invalid IP address in add-host: "${address}"`);
    }
  }
  for (const server of Dns ?? []) {
    if (!/^[0-9a-fA-F.:]+$/.test(server)) throw badRequest(`bad format for IP address: ${server}`);
  }
}
