import type { Service } from "../compose/model.ts";
import { type ContainerSpec, endpointsOf } from "./body-facts.ts";
import { addConditions } from "./conditions.ts";
import { containerSpec } from "./container-body.ts";
import { containersOf, isRunning, nameOf, subjectOf } from "./containers.ts";
import { bodyFacts, type Decision } from "./decide.ts";
import type { Finding } from "./finding.ts";
import { addHooks } from "./hooks.ts";
import { labels } from "./labels.ts";
import { containerName } from "./names.ts";
import { parentServices } from "./namespaces.ts";
import { type Placed, settledOf, unsettled } from "./placed.ts";
import type { ContainerTarget, ObservedContainer, Subject } from "./plan.ts";
import { addPreStart } from "./pre-start.ts";
import type { OneOff } from "./up-options.ts";
import { addRemoval, addStop } from "./up-removals.ts";
import { finding, type UpState } from "./up-state.ts";

type Fate<F extends Decision["fate"]> = Extract<Decision, { fate: F }>;

/** Adds the steps of one service; those of its dependencies are there already. */
export function addService(state: UpState, service: Service): void {
  const decisions = state.decisions.get(service.name) ?? [];
  if (decisions.some(({ fate }) => fate === "replace")) stopDependents(state, service);
  const placed: Placed[] = [];
  for (const decision of decisions) {
    if (decision.fate === "create") placed.push(addCreation(state, service, decision));
    else if (decision.fate === "replace") placed.push(addReplacement(state, service, decision));
    else if (decision.fate === "keep") placed.push(addKept(state, service, decision));
  }
  state.placed.set(service.name, placed);
}

/** Adds the container of `run`: it is made and started like one of the service's own, and belongs to none. */
export function addOneOff(state: UpState, service: Service, { name }: OneOff): void {
  const create = addCreate(state, service, 1, name, "run", []);
  start(state, service, target(create, name, service), [create], "run");
}

/** Dependents with `restart: true` are down while what they depend on is replaced. */
function stopDependents(state: UpState, service: Service): void {
  if (state.options.noStart) return;
  for (const [name, decisions] of state.decisions) {
    if (state.model.services.get(name)?.depends_on?.get(service.name)?.restart !== true) continue;
    for (const decision of decisions) {
      if (decision.fate === "keep") addStop(state, decision.container, `"${service.name}" is replaced`, []);
    }
  }
}

/** The stops of dependents with `restart: true`: what they depend on is not taken away under them. */
function dependentsStopped({ decisions, model, stopped }: UpState, service: Service): readonly number[] {
  return [...decisions].flatMap(([name, decided]) => {
    if (model.services.get(name)?.depends_on?.get(service.name)?.restart !== true) return [];
    return decided.flatMap((decision) =>
      decision.fate === "keep" ? (stopped.get(decision.container.summary.Id) ?? []) : [],
    );
  });
}

function addCreation(state: UpState, service: Service, { number, why }: Fate<"create">): Placed {
  const name = containerName(state.model, service, number);
  const create = addCreate(state, service, number, name, why, []);
  return start(state, service, target(create, name, service), [create], why === "missing" ? "" : why);
}

/**
 * The new container is made under a temporary name while the old one has its own, so that the old one goes only when the
 * new one is there. Where the name is free, or the old one had to go first, there is nothing to rename.
 */
function addReplacement(state: UpState, service: Service, { container, number, why }: Fate<"replace">): Placed {
  const name = containerName(state.model, service, number);
  const gone = state.removed.get(container.summary.Id);
  const hasName = nameOf(container.summary) === name;
  const first = gone === undefined && hasName ? `${name}.new` : name;
  const create = addCreate(state, service, number, first, why, gone === undefined ? [] : [gone], container);
  const placed = target(create, name, service);
  if (gone !== undefined) return start(state, service, placed, [create], "");
  const conditions = state.options.noStart ? [] : addConditions(state, service);
  const after = [create, ...conditions, ...dependentsStopped(state, service)];
  const removal = addRemoval(state, container, `replaced by ${create}`, after);
  if (!hasName) return start(state, service, placed, [removal, ...conditions], "");
  const rename = state.draft.add({
    op: "rename-container",
    container: placed.target,
    to: name,
    subject: placed.subject,
    why: `replaces ${nameOf(container.summary)}`,
    after: [removal],
  });
  return start(state, service, placed, [rename, ...conditions], "");
}

function addKept(state: UpState, service: Service, decision: Fate<"keep">): Placed {
  const { container, rename, update } = decision;
  const { Id: id } = container.summary;
  const subject: Subject = rename === undefined ? subjectOf(container) : { ...subjectOf(container), name: rename };
  const kept: Existing = { subject, target: { id } };
  let after: readonly number[] = (decision.connect ?? []).map(({ network, endpoint }) => {
    const made = state.networkSteps.get(network);
    return state.draft.add({
      op: "connect-network",
      network,
      container: { id },
      endpoint,
      subject,
      why: `not attached to ${network}`,
      after: made === undefined ? [] : [made],
    });
  });
  if (rename !== undefined) {
    const why = "an interrupted replacement is finished";
    const free = state.freedNames.get(rename);
    if (free !== undefined) after = [...after, free];
    after = [state.draft.add({ op: "rename-container", container: { id }, to: rename, subject, why, after })];
  }
  if (update !== undefined) {
    const { body, why } = update;
    after = [state.draft.add({ op: "update-container", container: { id }, body, subject, why, after })];
  }
  const stopped = state.stopped.get(id);
  // A stopped container may know a network by its name only: one that is being made anew must be there again.
  const networks = Object.keys(container.summary.NetworkSettings?.Networks ?? {});
  const needs = [...after, ...networks.flatMap((name) => state.networkSteps.get(name) ?? [])];
  if (stopped !== undefined)
    return start(state, service, kept, [...needs, stopped], "it was stopped for another change");
  if (decision.start !== undefined) return start(state, service, kept, needs, decision.start);
  if (container.summary.State === "paused") {
    const message = `container ${subject.name} is paused, it stays so`;
    state.warnings.push(finding(state, "warning", "paused", message, ["services", service.name]));
  }
  return { ...kept, ready: after, starts: false, settled: settledOf(container) };
}

type Existing = Pick<Placed, "subject" | "target">;

function target(create: number, name: string, service: Service): Existing {
  const container: ContainerTarget = { createdBy: create };
  const subject = { kind: "container", name, service: service.name } as const;
  return { subject, target: container };
}

function addCreate(
  state: UpState,
  service: Service,
  number: number,
  name: string,
  why: string,
  after: readonly number[],
  replaces?: ObservedContainer,
): number {
  const { networkSteps, volumeSteps, options } = state;
  const parents: number[] = [];
  const containerOf = (parent: string) => {
    const found = parentTarget(state, parent);
    if (found !== undefined && "createdBy" in found) parents.push(found.createdBy);
    return containerReference(found) ?? `container:${parent}`;
  };
  for (const parent of parentServices(service)) {
    if (parentTarget(state, parent) !== undefined) continue;
    const message = `service "${service.name}" shares a container of "${parent}", which has none`;
    tell(state.errors, finding(state, "error", "missing-container", message, ["services", service.name]));
  }
  const facts = bodyFacts({ ...state, service }, number, containerOf);
  const inherited = replaces !== undefined && !options.renewAnonymousVolumes ? replaces.summary.Mounts : [];
  const { oneOff } = options;
  const isOneOff = oneOff?.service === service.name;
  const spec = containerSpec({ ...facts, inheritedVolumes: inherited, ...(isOneOff && { oneOff }) });
  tellWarnings(state, spec);
  const body =
    replaces === undefined
      ? spec.body
      : { ...spec.body, Labels: { ...spec.body.Labels, [labels.replace]: nameOf(replaces.summary) } };
  const needs = [
    ...networksOf(spec).flatMap((network) => networkSteps.get(network) ?? []),
    ...(body.HostConfig?.Mounts ?? []).flatMap(({ Source }) => volumeSteps.get(Source ?? "") ?? []),
    ...(body.HostConfig?.Binds ?? []).flatMap((bind) => volumeSteps.get(bind.split(":")[0] ?? "") ?? []),
    ...parents,
    ...(state.freedNames.has(name) ? [state.freedNames.get(name) ?? 0] : []),
  ];
  return state.draft.add({
    op: "create-container",
    name,
    body,
    files: spec.files,
    connect: spec.connect,
    subject: { kind: "container", name, service: service.name },
    why,
    after: [...needs, ...after],
    ...(spec.platform !== undefined && { platform: spec.platform }),
  });
}

/** The container of a parent service whose namespaces and volumes are shared: its first. */
function parentTarget({ placed, observed }: UpState, parent: string): ContainerTarget | undefined {
  const planned = placed.get(parent);
  if (planned !== undefined) return planned[0]?.target;
  const [first] = containersOf(observed, parent);
  return first === undefined ? undefined : { id: first.summary.Id };
}

function networksOf(spec: ContainerSpec): readonly string[] {
  return [
    ...endpointsOf(spec).map(({ network }) => network),
    ...(spec.body.HostConfig?.NetworkMode === undefined ? [] : [spec.body.HostConfig.NetworkMode]),
  ];
}

/** Adds the start of a container behind its dependencies' conditions, and its post_start hooks. */
function start(state: UpState, service: Service, placed: Existing, after: readonly number[], why: string): Placed {
  if (state.options.noStart) return { ...placed, ready: after, starts: false, settled: unsettled };
  const conditions = addConditions(state, service);
  const ports = (service.ports ?? []).flatMap(({ published, protocol }) =>
    published === undefined ? [] : (state.freedPorts.get(`${protocol ?? "tcp"}/${published}`) ?? []),
  );
  const before = preStart(state, service, placed, [...after, ...conditions]);
  const step = state.draft.add({
    op: "start-container",
    container: placed.target,
    subject: placed.subject,
    why,
    after: [...before, ...ports],
  });
  const ready = addHooks(state.draft, "post_start", service, {
    container: placed.target,
    subject: placed.subject,
    after: [step],
  });
  return { ...placed, ready, starts: true, settled: unsettled };
}

/** The steps behind the service's pre_start hooks, which run once, and only where no container of the service runs. */
function preStart(state: UpState, service: Service, { target }: Existing, after: readonly number[]): readonly number[] {
  if (service.pre_start === undefined || state.options.oneOff?.service === service.name) return after;
  const runs = (state.decisions.get(service.name) ?? []).some(
    (decision) =>
      decision.fate === "keep" && isRunning(decision.container) && !state.stopped.has(decision.container.summary.Id),
  );
  if (runs) return after;
  const known = state.preStarted.get(service.name);
  if (known !== undefined) return [...after, ...known];
  const facts = bodyFacts(
    { ...state, service },
    1,
    (parent) => containerReference(parentTarget(state, parent)) ?? parent,
  );
  const steps = addPreStart(state, service, containerSpec(facts), { container: target, after });
  state.preStarted.set(service.name, steps);
  return [...after, ...steps];
}

/** `container:<id>`, or `container:{step N}`, which the executor fills in. */
function containerReference(found: ContainerTarget | undefined): string | undefined {
  if (found === undefined) return undefined;
  return "id" in found ? `container:${found.id}` : `container:{step ${found.createdBy}}`;
}

function tellWarnings(state: UpState, spec: ContainerSpec): void {
  for (const { service, path, severity, code, message } of spec.warnings) {
    const told = finding(state, severity, code, message, ["services", service, ...path]);
    tell(severity === "error" ? state.errors : state.warnings, told);
  }
}

/** Replicas have the same findings: each is told once. */
function tell(list: Finding[], told: Finding): void {
  if (!list.some((other) => other.message === told.message && other.span === told.span)) list.push(told);
}
