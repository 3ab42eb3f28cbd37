import type { ContainerConfig, ContainerInspect } from "../engine/api.ts";
import { environmentDiff, exposedDiff, labelDiff, portDiff } from "./adopted-config.ts";
import { hostDiff } from "./adopted-host.ts";
import { mountDiff } from "./adopted-mounts.ts";
import { networkDiff } from "./adopted-networks.ts";
import type { ContainerSpec } from "./body-facts.ts";
import { canonicalText } from "./fields.ts";
import type { ObservedImage } from "./plan.ts";

/**
 * The fields in which a container that docker compose made differs from what is wanted, sorted: what the engine says
 * of it is compared with the body that gantry would send. What neither asks for (the image's defaults, the engine's)
 * is no difference; what the engine does not tell apart from its own defaults is taken as unchanged. Contents of
 * secrets and configs cannot be seen. Limits and the restart policy are not looked at here (in-place.ts does).
 *
 * `image` is the image that the service names now; without its `config`, what a container has beyond the wanted
 * body is taken for the image's.
 */
export function adoptedDiff(
  spec: ContainerSpec,
  inspect: ContainerInspect,
  image: ObservedImage | undefined,
): readonly string[] {
  const config = image?.config;
  const fields = new Set<string>([
    ...(spec.body.Image === inspect.Config.Image ? [] : ["image"]),
    ...environmentDiff(spec.body.Env ?? [], inspect.Config.Env ?? [], image),
    ...labelDiff(spec.body.Labels ?? {}, inspect.Config.Labels ?? {}, config),
    ...exposedDiff(spec.body, inspect.Config, config),
    ...portDiff(spec.body.HostConfig?.PortBindings ?? {}, inspect.HostConfig.PortBindings ?? {}),
    ...configDiff(spec, inspect, config),
    ...hostDiff(spec.body.HostConfig ?? {}, inspect.HostConfig),
    ...mountDiff(spec, inspect, image),
    ...networkDiff(spec, inspect),
  ]);
  return [...fields].sort();
}

type Plain = "User" | "WorkingDir" | "StopSignal" | "StopTimeout" | "Tty" | "OpenStdin";
const plain: ReadonlyMap<Plain, string> = new Map<Plain, string>([
  ["User", "user"],
  ["WorkingDir", "working_dir"],
  ["StopSignal", "stop_signal"],
  ["StopTimeout", "stop_grace_period"],
  ["Tty", "tty"],
  ["OpenStdin", "stdin_open"],
]);

function* configDiff(
  { body }: ContainerSpec,
  inspect: ContainerInspect,
  image: ContainerConfig | undefined,
): Iterable<string> {
  const actual = inspect.Config;
  for (const [property, field] of plain) {
    const wanted = body[property] || image?.[property];
    if (wanted === undefined && image === undefined) continue;
    if ((wanted || "") !== (actual[property] || "")) yield field;
  }
  yield* processDiff(body, actual, image);
  if (!isSameHealth(body.Healthcheck, actual.Healthcheck, image)) yield "healthcheck";
  // The engine's own host name is the beginning of the id, or the machine's name with `network_mode: host`.
  const ownName = inspect.Id.startsWith(actual.Hostname ?? "") || body.HostConfig?.NetworkMode === "host";
  if (body.Hostname === undefined ? !ownName && !sharesNetwork(body) : body.Hostname !== actual.Hostname) {
    yield "hostname";
  }
  if (body.Domainname !== undefined && body.Domainname !== actual.Domainname) yield "domainname";
  if (body.MacAddress !== undefined && body.MacAddress !== actual.MacAddress) yield "mac_address";
}

function sharesNetwork(body: ContainerSpec["body"]): boolean {
  return body.HostConfig?.NetworkMode?.startsWith("container:") === true;
}

/** Entrypoint and command: a wanted entrypoint takes the image's command away. */
function* processDiff(body: ContainerConfig, actual: ContainerConfig, image: ContainerConfig | undefined) {
  const entrypoint = body.Entrypoint ?? image?.Entrypoint;
  if (body.Entrypoint || image) {
    if (canonicalText(entrypoint ?? []) !== canonicalText(actual.Entrypoint ?? [])) yield "entrypoint";
  }
  const cleared = (body.Entrypoint?.length ?? 0) > 0;
  const command = body.Cmd?.length ? body.Cmd : cleared ? [] : image?.Cmd;
  if (body.Cmd?.length || cleared || image) {
    if (canonicalText(command ?? []) !== canonicalText(actual.Cmd ?? [])) yield "command";
  }
}

type Health = ContainerConfig["Healthcheck"];

/** What a check leaves out comes from the image's; 0 is "left out" for the engine. */
function isSameHealth(wanted: Health, actual: Health, image: ContainerConfig | undefined): boolean {
  if (!wanted && !image) return true;
  const given = (check: Health) =>
    Object.fromEntries(Object.entries(check ?? {}).filter(([, v]) => v && v.length !== 0));
  const full = { ...given(image?.Healthcheck), ...given(wanted) };
  return canonicalText(full) === canonicalText(given(actual));
}
