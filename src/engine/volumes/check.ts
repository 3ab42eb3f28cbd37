/** Refuses, in docker's words, what a volume must not be. EngineError 400. */

import type { VolumeCreateBody } from "../api.ts";
import { takeShape } from "../containers/shape.ts";
import { badRequest } from "../refusal.ts";

/** The body of a creation, of whatever a client sent. */
export function takeVolumeBody(value: unknown): VolumeCreateBody {
  const fields = {
    Name: "string",
    Driver: "string",
    DriverOpts: { map: "string" },
    Labels: { map: "string" },
  } as const;
  return (takeShape(value, { fields }, "VolumeCreateRequest") ?? {}) as VolumeCreateBody;
}

export function checkVolumeName(name: string): void {
  if (name.length === 1) {
    throw badRequest(`create ${name}: volume name is too short, names should be at least two alphanumeric characters`);
  }
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) || name.length > 255) {
    throw badRequest(
      `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    );
  }
}

/** `type`, `o` and `device` only; the first two mean nothing without a device. */
export function checkVolumeOptions(name: string, options: Readonly<Record<string, string>>): void {
  for (const key of Object.keys(options)) {
    if (!["type", "o", "device"].includes(key)) throw badRequest(`create ${name}: invalid option: "${key}"`);
  }
  if (Object.keys(options).length === 0) return;
  const { type = "", device = "", o = "" } = options;
  if (device === "") throw badRequest(`create ${name}: missing device in volume options`);
  if (type === "" && !isBind(o)) throw badRequest(`create ${name}: missing type in volume options`);
  if (/[\0\n]/.test(type + device + o))
    throw badRequest(`create ${name}: invalid option: it has a line end or NUL in it`);
  if (!/^[a-zA-Z0-9_.-]*$/.test(type)) throw badRequest(`create ${name}: invalid type in volume options: "${type}"`);
}

/** The options ask for a bind mount: of a directory that is there. */
export const isBind = (o: string) => o.split(",").some((option) => option === "bind" || option === "rbind");
