/** What a container's configuration is: the client's, with the image's where the client says nothing (moby, daemon/commit.go, `merge`). */

import type { ContainerConfig, HealthConfig } from "../../api.ts";
import { badRequest } from "../../refusal.ts";

/** EngineError 400 where neither says what to run. */
export function mergeConfig(own: ContainerConfig, image: ContainerConfig): ContainerConfig {
  // Who names an entrypoint does not want the image's command; `[""]` names none, and takes the image's away.
  const inheritsCommand = isEmpty(own.Entrypoint) && isEmpty(own.Cmd);
  const entrypoint = own.Entrypoint ?? image.Entrypoint ?? null;
  const Entrypoint = entrypoint?.length === 1 && entrypoint[0] === "" ? null : entrypoint;
  const Cmd = inheritsCommand ? (image.Cmd ?? null) : (own.Cmd ?? null);
  if (isEmpty(Entrypoint) && isEmpty(Cmd)) throw badRequest("no command specified");
  const merged: ContainerConfig = {
    Hostname: own.Hostname ?? "",
    Domainname: own.Domainname ?? "",
    User: own.User || (image.User ?? ""),
    AttachStdin: own.AttachStdin ?? false,
    AttachStdout: own.AttachStdout ?? false,
    AttachStderr: own.AttachStderr ?? false,
    Tty: own.Tty ?? false,
    OpenStdin: own.OpenStdin ?? false,
    StdinOnce: own.StdinOnce ?? false,
    Env: mergeEnv(own.Env ?? [], image.Env ?? []),
    Cmd,
    Image: own.Image ?? "",
    Volumes: mergeKeys(own.Volumes, image.Volumes),
    WorkingDir: own.WorkingDir || (image.WorkingDir ?? ""),
    Entrypoint,
    Labels: { ...image.Labels, ...own.Labels },
  };
  const ports = mergeKeys(own.ExposedPorts, image.ExposedPorts);
  if (ports !== null) merged.ExposedPorts = ports;
  const healthcheck = mergeHealthcheck(own.Healthcheck, image.Healthcheck);
  if (healthcheck !== undefined) merged.Healthcheck = healthcheck;
  const StopSignal = own.StopSignal || image.StopSignal;
  if (StopSignal !== undefined && StopSignal !== "") merged.StopSignal = StopSignal;
  if (own.StopTimeout != null) merged.StopTimeout = own.StopTimeout;
  if (own.NetworkDisabled === true) merged.NetworkDisabled = true;
  if (own.MacAddress !== undefined && own.MacAddress !== "") merged.MacAddress = own.MacAddress;
  return merged;
}

const isEmpty = (list: readonly string[] | null | undefined) => list == null || list.length === 0;

/** The client's variables, then those of the image that it does not name. */
function mergeEnv(own: readonly string[], image: readonly string[]): string[] {
  const named = new Set(own.map(nameOf));
  return [...own, ...image.filter((variable) => !named.has(nameOf(variable)))];
}

const nameOf = (variable: string) => variable.split("=", 1)[0];

type Keys = Record<string, Record<never, never>> | null | undefined;

function mergeKeys(own: Keys, image: Keys): Record<string, Record<never, never>> | null {
  const names = [...Object.keys(own ?? {}), ...Object.keys(image ?? {})];
  return names.length === 0 ? null : Object.fromEntries(names.map((name) => [name, {}]));
}

function mergeHealthcheck(
  own: HealthConfig | null | undefined,
  image: HealthConfig | null | undefined,
): HealthConfig | undefined {
  if (own == null) return image ?? undefined;
  if (image == null) return own;
  const merged: HealthConfig = { ...own };
  if (isEmpty(own.Test) && image.Test !== undefined) merged.Test = image.Test;
  for (const key of ["Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"] as const) {
    const inherited = image[key];
    if ((own[key] ?? 0) === 0 && inherited !== undefined) merged[key] = inherited;
  }
  return merged;
}
