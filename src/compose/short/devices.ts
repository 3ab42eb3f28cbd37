import type { Parsed } from "./parsed.ts";

/** A device of the long form. */
export interface DeviceSpec {
  readonly source: string;
  readonly target: string;
  readonly permissions: string;
}

/**
 * Reads a device mapping: `HOST[:CONTAINER[:PERMISSIONS]]`. The container's path is the host's, and the permissions are
 * rwm, where they are absent. A CDI name (`vendor.com/class=dev`) has no colon and is its own target.
 */
export function parseDevice(spec: string): Parsed<DeviceSpec> {
  const [source = "", target = "", permissions, ...rest] = spec.split(":");
  if (rest.length > 0) {
    return {
      error: `confusing device mapping, please use long syntax: ${spec}`,
      hint: "write HOST[:CONTAINER[:PERMISSIONS]], or a mapping with source, target and permissions",
    };
  }
  return { value: { source, target: target === "" ? source : target, permissions: permissions ?? "rwm" } };
}
