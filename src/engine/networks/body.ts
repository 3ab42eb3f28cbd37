/** The body of a network's creation, of whatever a client sent. */

import type { NetworkCreateBody } from "../api.ts";
import { type Shape, takeShape } from "../containers/shape.ts";

const texts: Shape = { map: "string" };
const pool: Shape = {
  fields: { Subnet: "string", IPRange: "string", Gateway: "string", AuxiliaryAddresses: texts },
};

const fields: { readonly [K in keyof Required<NetworkCreateBody>]: Shape } = {
  Name: "string",
  Driver: "string",
  Internal: "bool",
  Attachable: "bool",
  EnableIPv4: "bool",
  EnableIPv6: "bool",
  CheckDuplicate: "bool",
  IPAM: { fields: { Driver: "string", Config: { list: pool }, Options: texts } },
  Options: texts,
  Labels: texts,
};

/** EngineError 400 for what is of the wrong type. */
export function takeNetworkBody(value: unknown): NetworkCreateBody {
  const body = takeShape(value, { fields }, "CreateRequest") as Partial<NetworkCreateBody> | null | undefined;
  return { ...body, Name: body?.Name ?? "" };
}
