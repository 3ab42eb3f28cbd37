import type { ProjectModel, Service } from "../compose/model.ts";
import type { ContainerCreateBody, EndpointSettings, MountPoint } from "../engine/api.ts";
import type { Severity } from "../errors.ts";
import type { BodyWarningCode } from "./finding.ts";
import type { InjectedFile, ObservedImage } from "./plan.ts";
import type { OneOff } from "./up-options.ts";

/** All that decides how one container of a service is created. */
export interface BodyFacts {
  readonly project: ProjectModel;
  readonly service: Service;
  /** The container's number within its service, from 1. */
  readonly number: number;
  /** What the image says; undefined while it is not there yet. */
  readonly image: ObservedImage | undefined;
  readonly imageReference: string;
  /** The version that was agreed with the engine, `1.41`: decides what it can honour. */
  readonly apiVersion: string;
  /** `container:<id>`, or `container:{step N}`, of the container whose namespaces or volumes a service shares. */
  readonly containerOf: (service: string) => string;
  /** Mounts of the container that is replaced; its anonymous volumes are carried over. */
  readonly inheritedVolumes?: readonly MountPoint[];
  /** Absolute path of a file-based config or secret → sha256 of its content; no entry when it cannot be read. */
  readonly fileDigests: ReadonlyMap<string, string>;
  /** Absolute path of a seccomp profile → its text; no entry when it cannot be read. */
  readonly seccompProfiles?: ReadonlyMap<string, string>;
  /** Reference of an image that is mounted (`type: image`) → its id. */
  readonly mountedImages?: ReadonlyMap<string, string>;
  /** gantry's own version, for the labels. */
  readonly version: string;
  /** It is a container of `run`. */
  readonly oneOff?: OneOff;
}

/** Field of a service (`environment.PORT`) → the first 8 hex digits of the sha256 of its value. Sorted by field. */
export type FieldDigests = ReadonlyMap<string, string>;

/** What is sent to the engine for one container. */
export interface ContainerSpec {
  readonly body: ContainerCreateBody;
  readonly platform?: string;
  readonly files: readonly InjectedFile[];
  /** Networks to connect after creation, in order: engines below API 1.44 take one network at creation. */
  readonly connect: readonly { readonly network: string; readonly endpoint: EndpointSettings }[];
  readonly fields: FieldDigests;
  /** Which field put a mount at a target: `/run/secrets/token` → `secrets.token`. */
  readonly mountFields: ReadonlyMap<string, string>;
  readonly warnings: readonly BodyWarning[];
}

/** All networks that a container is put on, the first one first. */
export function endpointsOf({ body, connect }: Pick<ContainerSpec, "body" | "connect">): ContainerSpec["connect"] {
  const first = Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {});
  return [...first.map(([network, endpoint]) => ({ network, endpoint })), ...connect];
}

export interface BodyWarning {
  readonly service: string;
  /** Segments below the service: `["deploy", "placement"]`; list items by their index. */
  readonly path: readonly (string | number)[];
  readonly severity: Severity;
  readonly code: BodyWarningCode;
  readonly message: string;
}

/** Takes a finding while a body is made; the severity follows from the code. */
export type Warn = (code: BodyWarningCode, path: readonly (string | number)[], message: string) => void;
