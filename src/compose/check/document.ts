import type { Diagnostic } from "../../errors.ts";
import { problem } from "../codes.ts";
import { at, child, isString, type MappingNode, type Node } from "../node.ts";
import { isAddress } from "../short/ports.ts";

/**
 * The rules of single attributes and resources, on a canonical document with defaults: external volumes, sources of
 * secrets and configs, host addresses, watch paths, device counts. They hold for disabled services too.
 */
export function checkDocument(document: MappingNode): Diagnostic[] {
  return [
    ...entries(document, "volumes").flatMap(([name, volume]) => checkExternalVolume(name, volume)),
    ...entries(document, "configs").flatMap(([name, config]) =>
      checkSource(`configs.${name}`, config, ["file", "environment", "content"]),
    ),
    ...entries(document, "secrets").flatMap(([name, secret]) =>
      checkSource(`secrets.${name}`, secret, ["file", "environment"]),
    ),
    ...entries(document, "services").flatMap(([name, service]) => checkService(`services.${name}`, service)),
  ];
}

function checkService(where: string, service: MappingNode): Diagnostic[] {
  return [
    ...items(service, ["ports"]).flatMap((port) => checkHostIp(where, port)),
    ...items(service, ["develop", "watch"]).flatMap((rule) => checkWatchPath(where, rule)),
    ...items(service, ["gpus"]).flatMap((request) => checkDeviceCount(`${where}.gpus`, request)),
    ...items(service, ["deploy", "resources", "reservations", "devices"]).flatMap((request) =>
      checkDeviceCount(`${where}.deploy.resources.reservations.devices`, request),
    ),
  ];
}

function checkExternalVolume(name: string, volume: MappingNode): Diagnostic[] {
  if (!isExternal(volume)) return [];
  return [...volume.entries].flatMap(([key, entry]) => {
    if (key === "external" || key === "name" || key.startsWith("x-")) return [];
    const message = `volumes.${name}: conflicting parameters "external" and "${key}" specified`;
    return [
      problem("external-conflict", message, entry.keySpan, `remove "${key}": an external volume is not made here`),
    ];
  });
}

function checkSource(where: string, resource: MappingNode, sources: readonly string[]): Diagnostic[] {
  const given = sources.flatMap((key) => resource.entries.get(key) ?? []);
  const [, second] = given;
  const choice = sources.join("|");
  if (second !== undefined) {
    const message = `${where}: ${choice} attributes are mutually exclusive`;
    return [problem("exclusive-attributes", message, second.keySpan, "keep one of them")];
  }
  if (given.length === 1 || child(resource, "driver") || child(resource, "external")) return [];
  return [problem("missing-source", `${where}: one of ${choice} must be set`, resource.span, "add one of them")];
}

function checkHostIp(where: string, port: MappingNode): Diagnostic[] {
  const address = child(port, "host_ip");
  if (!isString(address) || address.value === "" || isAddress(address.value)) return [];
  const message = `${where}.ports: invalid ip address: ${address.value}`;
  return [problem("invalid-address", message, address.span, "write an IPv4 or IPv6 address without brackets")];
}

function checkWatchPath(where: string, rule: MappingNode): Diagnostic[] {
  const path = child(rule, "path");
  if (!isString(path) || path.value !== "") return [];
  return [
    problem("empty-path", `${where}.develop.watch: path can't be blank`, path.span, "name a file or a directory"),
  ];
}

function checkDeviceCount(where: string, request: MappingNode): Diagnostic[] {
  const ids = request.entries.get("device_ids");
  if (ids === undefined || !request.entries.has("count")) return [];
  const message = `${where}: "count" and "device_ids" attributes are exclusive`;
  return [problem("exclusive-attributes", message, ids.keySpan, "keep one of them")];
}

function isExternal(resource: MappingNode): boolean {
  const external = child(resource, "external");
  return external?.kind === "scalar" && external.text.toLowerCase() === "true";
}

/** The resources of a section that are mappings. */
function entries(document: MappingNode, section: string): readonly (readonly [string, MappingNode])[] {
  const node = child(document, section);
  if (node?.kind !== "mapping") return [];
  return [...node.entries].flatMap(([name, { value }]) => (isMapping(value) ? [[name, value] as const] : []));
}

/** The items of a list that are mappings. */
function items(node: MappingNode, path: readonly string[]): readonly MappingNode[] {
  const found = at(node, path);
  return found?.kind === "sequence" ? found.items.filter(isMapping) : [];
}

function isMapping(node: Node): node is MappingNode {
  return node.kind === "mapping";
}
