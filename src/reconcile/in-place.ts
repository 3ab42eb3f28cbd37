import type { ContainerInspect, ContainerUpdateBody, HostConfig, RestartPolicySpec } from "../engine/api.ts";
import type { ContainerSpec } from "./body-facts.ts";
import { parseFields } from "./fields.ts";
import { labels } from "./labels.ts";

type Limit = "Memory" | "MemorySwap" | "MemoryReservation" | "NanoCpus" | "CpuShares" | "CpuPeriod" | "CpuQuota";
type Property = Limit | "PidsLimit" | "CpusetCpus" | "RestartPolicy";

/** What `POST /containers/{id}/update` changes → the fields that it comes from. */
const sources: ReadonlyMap<Property, readonly string[]> = new Map<Property, readonly string[]>([
  ["RestartPolicy", ["restart", "deploy.restart_policy.condition", "deploy.restart_policy.max_attempts"]],
  ["Memory", ["mem_limit", "deploy.resources.limits.memory"]],
  ["MemorySwap", ["memswap_limit"]],
  ["MemoryReservation", ["mem_reservation", "deploy.resources.reservations.memory"]],
  ["NanoCpus", ["cpus", "deploy.resources.limits.cpus"]],
  ["CpuShares", ["cpu_shares"]],
  ["CpuPeriod", ["cpu_period"]],
  ["CpuQuota", ["cpu_quota"]],
  ["CpusetCpus", ["cpuset"]],
  ["PidsLimit", ["pids_limit", "deploy.resources.limits.pids"]],
]);

const updatable: ReadonlySet<string> = new Set([...sources.values()].flat());

/** Whether a field can be changed in a container as it is. */
export function isUpdatable(field: string): boolean {
  return updatable.has(field);
}

export interface PendingUpdate {
  /** Fields whose wanted value the container does not have, sorted. */
  readonly fields: readonly string[];
  /** False when one of them cannot be changed in place: the engine cannot take a limit away. */
  readonly possible: boolean;
  readonly body: ContainerUpdateBody;
}

/** Compares limits and the restart policy of a container with the wanted ones. */
export function pendingUpdate(spec: ContainerSpec, { HostConfig: actual, Config }: ContainerInspect): PendingUpdate {
  const wanted = spec.body.HostConfig ?? {};
  const before = parseFields(Config.Labels?.[labels.fields]);
  const body: ContainerUpdateBody = {};
  const fields: string[] = [];
  let possible = true;
  for (const [property, names] of sources) {
    const removed = names.filter((name) => before?.has(name) && !spec.fields.has(name));
    const written = names.filter((name) => spec.fields.has(name));
    const same = isSame(property, wanted, actual);
    // The inspect does not tell a dropped swap limit of "unlimited" from the engine's own choice: the label does.
    if (same && !(property === "MemorySwap" && removed.length > 0 && written.length === 0)) continue;
    // Made as wanted, and yet without the limit: the engine left it out, because its kernel cannot keep it.
    // Of a container without our label that is not known, but swap is the one limit that kernels often lack.
    const unknown = before === undefined && property === "MemorySwap";
    const asMade =
      unknown || (written.length > 0 && written.every((name) => before?.get(name) === spec.fields.get(name)));
    if (asMade && removed.length === 0 && isUnlimited(property, actual)) continue;
    fields.push(...(written.length > 0 ? written : removed.length > 0 ? removed : names.slice(0, 1)));
    if (property === "RestartPolicy") body.RestartPolicy = restartOf(wanted.RestartPolicy);
    else if (property === "CpusetCpus" && wanted.CpusetCpus) body.CpusetCpus = wanted.CpusetCpus;
    else if (property !== "CpusetCpus" && wanted[property]) body[property] = wanted[property];
    else possible = false;
  }
  // The engine refuses a memory limit above the swap limit, which it had set to twice the old memory limit.
  if (body.Memory !== undefined && body.MemorySwap === undefined && (actual.MemorySwap ?? 0) > 0) {
    body.MemorySwap = wanted.MemorySwap ?? body.Memory * 2;
  }
  return { fields: fields.sort(), possible, body: possible ? body : {} };
}

function isSame(property: Property, wanted: HostConfig, actual: HostConfig): boolean {
  switch (property) {
    case "RestartPolicy": {
      const [a, b] = [restartOf(wanted.RestartPolicy), restartOf(actual.RestartPolicy)];
      return a.Name === b.Name && a.MaximumRetryCount === b.MaximumRetryCount;
    }
    case "MemorySwap": {
      if (wanted.MemorySwap !== undefined) return wanted.MemorySwap === actual.MemorySwap;
      // The engine's own choice: twice the memory, or -1 where the kernel does not count swap.
      const swap = actual.MemorySwap ?? 0;
      return swap <= 0 || swap === (actual.Memory ?? 0) * 2;
    }
    case "PidsLimit":
      return Math.max(0, wanted.PidsLimit ?? 0) === Math.max(0, actual.PidsLimit ?? 0);
    case "CpusetCpus":
      return (wanted.CpusetCpus ?? "") === (actual.CpusetCpus ?? "");
    default:
      return (wanted[property] ?? 0) === (actual[property] ?? 0);
  }
}

function isUnlimited(property: Property, actual: HostConfig): boolean {
  if (property === "RestartPolicy") return false;
  return property === "CpusetCpus" ? !actual.CpusetCpus : (actual[property] ?? 0) <= 0;
}

function restartOf(policy: RestartPolicySpec | undefined): Required<RestartPolicySpec> {
  return { Name: policy?.Name || "no", MaximumRetryCount: policy?.MaximumRetryCount ?? 0 };
}
