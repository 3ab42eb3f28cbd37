import type { ProjectModel, Service } from "../compose/model.ts";
import type { ContainerUpdateBody, NetworkResource } from "../engine/api.ts";
import { type BodyFacts, type ContainerSpec, endpointsOf } from "./body-facts.ts";
import { containerSpec } from "./container-body.ts";
import { containersOf, hasCompleted, isRunning, nameOf, numberOf } from "./containers.ts";
import { describeChange, difference } from "./diff.ts";
import { labels } from "./labels.ts";
import { containerName, imageReference, replicas } from "./names.ts";
import { parentServices } from "./namespaces.ts";
import type { Observed, ObservedContainer } from "./plan.ts";
import { missingNetworks, recreateReason } from "./recreate-reason.ts";
import type { UpOptions } from "./up-options.ts";

/** What becomes of one container of a service. */
export type Decision =
  | { readonly fate: "create"; readonly number: number; readonly why: string }
  | { readonly fate: "replace"; readonly container: ObservedContainer; readonly number: number; readonly why: string }
  | { readonly fate: "remove"; readonly container: ObservedContainer; readonly why: string }
  | {
      readonly fate: "keep";
      readonly container: ObservedContainer;
      readonly number: number;
      /** The name that an interrupted replacement still has to get. */
      readonly rename?: string;
      readonly update?: { readonly body: ContainerUpdateBody; readonly why: string };
      /** Networks to put it on: it must not be replaced for them. */
      readonly connect?: ContainerSpec["connect"];
      /** Why it must be started; absent when it runs, or has done its work. */
      readonly start?: string;
    };

export interface DecideFacts {
  readonly model: ProjectModel;
  readonly observed: Observed;
  readonly options: UpOptions;
  readonly service: Service;
  /** Whether the service was asked for, rather than needed by one that was. */
  readonly isNamed: boolean;
  /** Somebody waits for this service to complete: it is a job, which is not done twice. */
  readonly isJob: boolean;
  /** Networks that exist and stay. */
  readonly networks: readonly NetworkResource[];
  /** Names of volumes that the plan makes anew: their users must go first. */
  readonly renewedVolumes: ReadonlySet<string>;
  /** What was decided of the services that this one depends on. */
  readonly decisions: ReadonlyMap<string, readonly Decision[]>;
}

/** The facts for a container's body; parents are given by `containerOf`. */
export function bodyFacts(
  { model, observed, options, service }: Pick<DecideFacts, "model" | "observed" | "options" | "service">,
  number: number,
  containerOf: (service: string) => string,
): BodyFacts {
  const reference = imageReference(model, service);
  const mounted = new Map([...observed.images].map(([name, { id }]) => [name, id]));
  return {
    project: model,
    service,
    number,
    image: observed.images.get(reference),
    imageReference: reference,
    apiVersion: options.apiVersion,
    containerOf,
    fileDigests: options.fileDigests,
    seccompProfiles: options.seccompProfiles ?? new Map(),
    mountedImages: mounted,
    version: options.version,
  };
}

/**
 * Decides what becomes of a service's containers: which stay, which are replaced and why, which are too many, how many
 * are missing. Of too many, those that are out of date go first, then the highest numbers. New ones get the lowest free
 * numbers, so that an interrupted run and the one after it end as one that was not (docker compose counts on instead).
 */
export function decide(facts: DecideFacts): readonly Decision[] {
  const { options, service } = facts;
  // What a provider runs has no container; one of before the service had its provider goes.
  const wanted = service.provider === undefined ? (options.scale?.get(service.name) ?? replicas(service)) : 0;
  const { own, leftovers } = withoutLeftovers(facts);
  const judged = own.map((container) => judge(facts, container));
  const removals: Decision[] = leftovers.map((container) => ({
    fate: "remove",
    container,
    why: "left by an interrupted replacement",
  }));
  const byWorth = judged.toSorted(
    (a, b) => Number(a.fate === "replace") - Number(b.fate === "replace") || a.number - b.number,
  );
  const kept = byWorth.slice(0, wanted).toSorted((a, b) => a.number - b.number);
  const surplus = byWorth.slice(wanted);
  for (const { container } of surplus) removals.push({ fate: "remove", container, why: `scaled to ${wanted}` });
  const creations: Decision[] = [];
  const taken = new Set(own.map(numberOf));
  for (let number = 1; kept.length + creations.length < wanted; number++) {
    if (taken.has(number)) continue;
    creations.push({ fate: "create", number, why: own.length === 0 ? "missing" : `scaled to ${wanted}` });
  }
  return [...removals, ...kept, ...creations];
}

type Judged = Extract<Decision, { fate: "keep" | "replace" }>;

function judge(facts: DecideFacts, container: ObservedContainer): Judged {
  const { model, observed, service, options } = facts;
  const number = numberOf(container);
  const spec = containerSpec(bodyFacts(facts, number, parentOf(facts)));
  const why = replaceReason(facts, container, spec);
  if (why !== undefined) return { fate: "replace", container, number, why };
  const change = difference(spec, container, observed.images.get(imageReference(model, service)));
  const start = options.noStart ? undefined : startReason(facts, container);
  return {
    fate: "keep",
    container,
    number,
    ...(isTemporary(facts, container) && { rename: containerName(model, service, number) }),
    ...(options.noRecreate && { connect: missingEndpoints(facts, container, spec) }),
    ...(change.update.length > 0 &&
      !options.noRecreate && { update: { body: change.body, why: describeChange(change.update) } }),
    ...(start !== undefined && { start }),
  };
}

function missingEndpoints(
  { networks }: DecideFacts,
  container: ObservedContainer,
  spec: ContainerSpec,
): ContainerSpec["connect"] {
  const missing = new Set(missingNetworks(spec, container, networks));
  return endpointsOf(spec).filter(({ network }) => missing.has(network));
}

/** How a body refers to a parent's container as it will be: a new one has no id yet, and equals none that there is. */
function parentOf({ decisions, observed }: DecideFacts): (service: string) => string {
  return (service) => {
    const decided = decisions.get(service);
    if (decided === undefined) return `container:${containersOf(observed, service)[0]?.summary.Id ?? service}`;
    const first = decided.find(({ fate }) => fate !== "remove");
    return first?.fate === "keep" ? `container:${first.container.summary.Id}` : "container:new";
  };
}

/** Whether a service's first container, whose namespaces and volumes others share, is another one from now on. */
function isRecreated({ decisions, observed }: DecideFacts, service: string): boolean {
  const [before] = containersOf(observed, service);
  const after = decisions.get(service)?.find(({ fate }) => fate !== "remove");
  if (before === undefined || after === undefined) return false;
  return after.fate !== "keep" || after.container !== before;
}

function replaceReason(facts: DecideFacts, container: ObservedContainer, spec: ContainerSpec): string | undefined {
  const { options, service, observed, model } = facts;
  const { State: state } = container.summary;
  if (state === "dead" || state === "removing") return `it is ${state}`;
  // Between creation and start a container gets its files; one that never ran may have been left before that.
  if (state === "created" && spec.files.length > 0) return "it was never started, its files may be missing";
  const renewed = container.summary.Mounts.find(({ Name }) => Name !== undefined && facts.renewedVolumes.has(Name));
  if (renewed !== undefined) return `volume ${renewed.Name} is made anew`;
  if (facts.isNamed ? options.forceRecreate : options.alwaysRecreateDeps) return "recreation was asked for";
  if (options.noRecreate) return undefined;
  return recreateReason({
    service,
    spec,
    container,
    image: observed.images.get(imageReference(model, service)),
    networks: facts.networks,
    recreated: new Set(parentServices(service).filter((parent) => isRecreated(facts, parent))),
  });
}

function startReason({ isJob }: DecideFacts, container: ObservedContainer): string | undefined {
  if (isRunning(container) || (isJob && hasCompleted(container))) return undefined;
  const { State: state, Status: status } = container.summary;
  if (state === "created") return "it was never started";
  const code = /^Exited \((\d+)\)/.exec(status)?.[1];
  return code === undefined ? `it is ${state}` : `it exited (${code})`;
}

/**
 * A replacement that was interrupted leaves two containers of one number, or the new one under its temporary name. While
 * the old one is there, the new one is given up; without it, the new one is complete and stays.
 */
function withoutLeftovers(facts: DecideFacts): {
  own: readonly ObservedContainer[];
  leftovers: readonly ObservedContainer[];
} {
  const own: ObservedContainer[] = [];
  const leftovers: ObservedContainer[] = [];
  for (const group of Map.groupBy(containersOf(facts.observed, facts.service.name), numberOf).values()) {
    const settled = group.filter((container) => !isTemporary(facts, container));
    const temporary = group.filter((container) => isTemporary(facts, container));
    if (settled.length > 0) {
      own.push(...settled);
      leftovers.push(...temporary);
    } else {
      own.push(...temporary.slice(-1));
      leftovers.push(...temporary.slice(0, -1));
    }
  }
  return { own, leftovers };
}

/** Whether a container is a replacement that has not got its name yet: `shop-web-1.new`, docker compose's `<id>_shop-web-1`. */
function isTemporary({ model, service }: DecideFacts, container: ObservedContainer): boolean {
  const { summary } = container;
  const name = nameOf(summary);
  if (summary.Labels[labels.replace] === undefined) return false;
  return /\.new$|^[0-9a-f]{12}_/.test(name) && name !== containerName(model, service, numberOf(container));
}
