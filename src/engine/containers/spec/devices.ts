/** Devices: nodes in the container's /dev, and which ones its control group lets it use. */

import { badRequest } from "../../refusal.ts";

export interface DeviceNode {
  readonly type: "c" | "b";
  readonly major: number;
  readonly minor: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A device as it will be seen: found on the host, wanted at `path`. */
export interface WantedDevice {
  readonly path: string;
  readonly node: DeviceNode;
  /** Of `rwm`. */
  readonly access: string;
}

export interface DeviceRule {
  readonly allow: boolean;
  readonly type?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly access: string;
}

const allow = (type: string, major: number, minor?: number): DeviceRule => ({
  allow: true,
  type,
  major,
  ...(minor !== undefined && { minor }),
  access: "rwm",
});

/** Nothing but: making nodes of any kind, and using what every program expects (null, zero, full, random, urandom, tty, console, ptmx, pts). */
const usualRules: readonly DeviceRule[] = [
  { allow: false, access: "rwm" },
  { allow: true, type: "c", access: "m" },
  { allow: true, type: "b", access: "m" },
  allow("c", 1, 3),
  allow("c", 1, 5),
  allow("c", 1, 7),
  allow("c", 1, 8),
  allow("c", 1, 9),
  allow("c", 5, 0),
  allow("c", 5, 1),
  allow("c", 5, 2),
  allow("c", 136),
];

export interface DeviceWishes {
  readonly privileged: boolean;
  readonly devices: readonly WantedDevice[];
  /** `c 1:3 mr`. */
  readonly rules: readonly string[];
}

export function deviceRules({ privileged, devices, rules }: DeviceWishes): readonly DeviceRule[] {
  if (privileged) return [{ allow: true, access: "rwm" }];
  const wanted = devices.map(({ node, access }) => ({ ...allow(node.type, node.major, node.minor), access }));
  return [...usualRules, ...wanted, ...rules.map(parseDeviceRule)];
}

/** The nodes, as config.json lists them under `linux.devices`. */
export function deviceNodes(devices: readonly WantedDevice[]): readonly Record<string, unknown>[] {
  return devices.map(({ path, node }) => ({
    path,
    type: node.type,
    major: node.major,
    minor: node.minor,
    fileMode: node.mode & 0o7777,
    uid: node.uid,
    gid: node.gid,
  }));
}

/** `DeviceCgroupRules`: type `a`, `b` or `c`, numbers or `*`, access. EngineError 400 for what is none. */
export function parseDeviceRule(text: string): DeviceRule {
  const match = /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text);
  if (match === null) throw badRequest(`invalid device cgroup rule format: '${text}'`);
  const [, type = "", major = "*", minor = "*", access = ""] = match;
  return {
    allow: true,
    ...(type !== "a" && { type }),
    ...(major !== "*" && { major: Number(major) }),
    ...(minor !== "*" && { minor: Number(minor) }),
    access,
  };
}
