import {
  child,
  intNode,
  isString,
  type MappingNode,
  mapItems,
  mapMappings,
  type Node,
  stringNode,
  updateEntry,
  withDefault,
  withEntry,
} from "./node.ts";

/**
 * Fills in the values that an attribute has when it is not written, in a canonical document: the build context, where
 * secrets are mounted, protocol and mode of ports, the count of device requests. (An absent `create_host_path` means true
 * too, and stays absent: short mounts have it written, long ones do not, and `config` prints them so.)
 */
export function setDefaults(document: MappingNode): MappingNode {
  return updateEntry(document, "services", (services) => mapMappings(services, setServiceDefaults));
}

function setServiceDefaults(service: MappingNode): MappingNode {
  let result = updateEntry(service, "build", (build) =>
    build.kind === "mapping" ? withDefault(build, "context", stringNode(".", build.span)) : build,
  );
  result = updateEntry(result, "secrets", (secrets) => mapItems(secrets, setSecretTarget));
  result = updateEntry(result, "ports", (ports) => mapItems(ports, setPortDefaults));
  result = updateEntry(result, "gpus", (gpus) => mapItems(gpus, setDeviceCount));
  return updateBelow(result, ["deploy", "resources", "reservations", "devices"], (devices) =>
    mapItems(devices, setDeviceCount),
  );
}

function setSecretTarget(secret: MappingNode): MappingNode {
  const source = child(secret, "source");
  if (!isString(source)) return secret;
  return withDefault(secret, "target", stringNode(`/run/secrets/${source.value}`, source.span));
}

function setPortDefaults(port: MappingNode): MappingNode {
  const withProtocol = withDefault(port, "protocol", stringNode("tcp", port.span));
  return withDefault(withProtocol, "mode", stringNode("ingress", port.span));
}

/** Neither a count nor ids: all devices. */
function setDeviceCount(request: MappingNode): MappingNode {
  if (child(request, "count") ?? child(request, "device_ids")) return request;
  return withEntry(request, "count", intNode(-1, request.span));
}

function updateBelow(node: MappingNode, path: readonly string[], change: (value: Node) => Node): MappingNode {
  const [key, ...rest] = path;
  if (key === undefined) return node;
  return updateEntry(node, key, (value) => {
    if (rest.length === 0) return change(value);
    return value.kind === "mapping" ? updateBelow(value, rest, change) : value;
  });
}
