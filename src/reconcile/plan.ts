/**
 * Plan: what brings the engine from what is to what the files say. A DAG of steps; each step is one engine call or one
 * wait, and says why it is there. Planners make plans (pure), execute.ts carries them out, and the same plan printed is
 * `--dry-run`, `gantry plan`, the tests' golden text and the debug log.
 */

import type {
  ContainerConfig,
  ContainerCreateBody,
  ContainerInspect,
  ContainerSummary,
  ContainerUpdateBody,
  EndpointSettings,
  NetworkCreateBody,
  NetworkResource,
  VolumeCreateBody,
  VolumeResource,
} from "../engine/api.ts";
import type { BuildOrder } from "../engine/build-order.ts";
import type { Finding } from "./finding.ts";

/** One snapshot of what the engine holds of a project, found by docker compose's labels. */
export interface Observed {
  readonly project: string;
  /** All containers with the project's label and a config-hash label: one-offs and stopped ones too. */
  readonly containers: readonly ObservedContainer[];
  /** The containers of pre_start hooks that failed or were interrupted. */
  readonly hooks?: readonly ObservedContainer[];
  /** Networks with the project's label, and those whose names the model uses (external, or made by hand). */
  readonly networks: readonly NetworkResource[];
  readonly volumes: readonly VolumeResource[];
  /** By reference as the model writes it; an image that is not there has no entry. */
  readonly images: ReadonlyMap<string, ObservedImage>;
}

export interface ObservedContainer {
  readonly summary: ContainerSummary;
  /** Only where the summary does not suffice: a container that gantry did not make, or whose fields changed. */
  readonly inspect?: ContainerInspect;
}

export interface ObservedImage {
  readonly id: string;
  /** The platforms that are there, `linux/amd64`; absent when the engine does not say. */
  readonly platforms?: readonly string[];
  /** Unix milliseconds of the last tag or pull; absent when the engine does not say. */
  readonly tagged?: number;
  readonly env: readonly string[];
  readonly volumes: readonly string[];
  readonly hasHealthcheck: boolean;
  /** The image's own defaults: what a container shows of them was asked for by no one. */
  readonly config?: ContainerConfig;
}

/** What a step touches. `name` is the name on the screen: `shop-web-1`, `shop_default`, `nginx:latest`, `web`. */
export interface Subject {
  readonly kind: "container" | "network" | "volume" | "image" | "service" | "model";
  readonly name: string;
  /** The service's key, for containers, images and services. */
  readonly service?: string;
}

interface StepBase {
  /** From 1, unique in the plan. Steps are listed so that every step stands behind those it waits for. */
  readonly id: number;
  /** Ids of the steps that must have succeeded. */
  readonly after: readonly number[];
  readonly subject: Subject;
  /** Why the step is there: `missing`, `config changed: environment.PORT`, `"web" depends on "db" (service_healthy)`. */
  readonly why: string;
  /** The step may fail without failing its dependents or the run (`required: false`, best-effort removals). */
  readonly optional?: boolean;
}

/**
 * A container that a step works on: one that exists, by its id, or one that an earlier step of the plan creates, by
 * that step's number.
 */
export type ContainerTarget = { readonly id: string } | { readonly createdBy: number };

/** A file that is written into a container between create and start (secrets and configs without a host file). */
export interface InjectedFile {
  /** Absolute path in the container. */
  readonly path: string;
  readonly content: string;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
}

export type WaitCondition = "healthy" | "completed" | "running_or_healthy";

export type Step = StepBase &
  (
    | { readonly op: "pull-image"; readonly reference: string; readonly platform?: string }
    | { readonly op: "build-image"; readonly order: BuildOrder }
    | { readonly op: "push-image"; readonly reference: string }
    | { readonly op: "remove-image"; readonly reference: string; readonly force?: boolean }
    | { readonly op: "create-network"; readonly body: NetworkCreateBody }
    | { readonly op: "remove-network"; readonly network: string }
    | {
        readonly op: "connect-network";
        readonly network: string;
        readonly container: ContainerTarget;
        readonly endpoint: EndpointSettings;
      }
    | { readonly op: "disconnect-network"; readonly network: string; readonly container: ContainerTarget }
    | { readonly op: "create-volume"; readonly body: VolumeCreateBody }
    | { readonly op: "remove-volume"; readonly volume: string }
    | {
        readonly op: "create-container";
        /** The name on the engine: the final one, or the temporary one of a replacement. */
        readonly name: string;
        readonly platform?: string;
        /**
         * The body as sent, but for what only earlier steps know: `container:` references to containers that this plan
         * creates are written `container:{step N}` and filled in by the executor.
         */
        readonly body: ContainerCreateBody;
        readonly files: readonly InjectedFile[];
        /** Networks beyond the first, for engines (API < 1.44) that take only one at creation. */
        readonly connect: readonly { readonly network: string; readonly endpoint: EndpointSettings }[];
      }
    | { readonly op: "update-container"; readonly container: ContainerTarget; readonly body: ContainerUpdateBody }
    | { readonly op: "start-container"; readonly container: ContainerTarget }
    | {
        readonly op: "stop-container";
        readonly container: ContainerTarget;
        readonly timeout?: number;
        readonly signal?: string;
      }
    | { readonly op: "restart-container"; readonly container: ContainerTarget; readonly timeout?: number }
    | { readonly op: "pause-container"; readonly container: ContainerTarget }
    | { readonly op: "unpause-container"; readonly container: ContainerTarget }
    | { readonly op: "kill-container"; readonly container: ContainerTarget; readonly signal?: string }
    | {
        readonly op: "remove-container";
        readonly container: ContainerTarget;
        readonly volumes: boolean;
        readonly force?: boolean;
      }
    | { readonly op: "rename-container"; readonly container: ContainerTarget; readonly to: string }
    | {
        readonly op: "wait-container";
        readonly container: ContainerTarget;
        readonly condition: WaitCondition;
        /** Milliseconds; absent: as long as it takes. */
        readonly timeout?: number;
      }
    | { readonly op: "run-hook"; readonly container: ContainerTarget; readonly hook: HookRequest }
    | { readonly op: "run-provider"; readonly provider: ProviderRequest }
    | { readonly op: "prepare-model"; readonly model: ModelRequest }
  );

export type Operation = Step["op"];

/** A command to run in a container (`post_start`, `pre_stop`). */
export interface HookRequest {
  readonly phase: "post_start" | "pre_stop";
  readonly command: readonly string[];
  readonly user?: string;
  readonly privileged?: boolean;
  readonly working_dir?: string;
  readonly env: readonly string[];
}

/** What the program that provides a service is asked for. */
export interface ProviderRequest {
  readonly action: "up" | "stop" | "down";
  /** The program: a plug-in of docker's command line, or one on the PATH. */
  readonly type: string;
  readonly project: string;
  readonly service: string;
  /** Its flags, in the order of the file. */
  readonly options: readonly (readonly [name: string, value: string])[];
}

/** A model that the model runner is to have, and how it is to run it. */
export interface ModelRequest {
  readonly model: string;
  /** Tokens. */
  readonly contextSize?: number;
  readonly runtimeFlags: readonly string[];
}

/** The variables that a provider or a model offers to the services that use it. */
export interface Offer {
  /** Behind the name of the service or the model: `URL` of `db` is `DB_URL`. */
  readonly prefixed: ReadonlyMap<string, string>;
  /** As they are. */
  readonly raw: ReadonlyMap<string, string>;
}

export interface Plan {
  readonly project: string;
  readonly steps: readonly Step[];
}

/** A question that only a human may answer; the command asks it, and plans again with the answer. */
export interface Question {
  readonly id: string;
  readonly message: string;
}

export interface Planned {
  readonly plan: Plan;
  /** Why the plan must not be carried out; it is empty then. */
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
  readonly questions: readonly Question[];
}

/** What happens while a plan is carried out, in order of time. `at` is unix milliseconds. */
export type PlanEvent =
  | { readonly type: "started"; readonly step: Step; readonly at: number }
  | {
      readonly type: "progress";
      readonly step: Step;
      readonly at: number;
      readonly text: string;
      readonly id?: string;
      readonly current?: number;
      readonly total?: number;
    }
  /** The engine did what it was asked for, but not all of it: a limit that its kernel does not know. */
  | { readonly type: "warned"; readonly step: Step; readonly at: number; readonly text: string }
  | { readonly type: "succeeded"; readonly step: Step; readonly at: number; readonly detail?: string }
  | { readonly type: "failed"; readonly step: Step; readonly at: number; readonly error: Error }
  | { readonly type: "skipped"; readonly step: Step; readonly at: number; readonly because: number };

export interface Outcome {
  readonly ok: boolean;
  /** One per failed step, in the order of the plan. */
  readonly errors: readonly { readonly step: Step; readonly error: Error }[];
  /** Create-container steps → the ids of the new containers. */
  readonly created: ReadonlyMap<number, string>;
}
