import type { Service } from "../compose/model.ts";
import type { ContainerSpec } from "./body-facts.ts";
import { containerSpec } from "./container-body.ts";
import { containersOf, hasCompleted, healthOf, isRunning, nameOf, subjectOf } from "./containers.ts";
import { bodyFacts, type Decision } from "./decide.ts";
import { hookRequest } from "./hooks.ts";
import { labels } from "./labels.ts";
import { containerName } from "./names.ts";
import type { ContainerTarget, ObservedContainer, Subject } from "./plan.ts";
import { addConditions } from "./up-conditions.ts";
import { addRemoval, addStop } from "./up-removals.ts";
import { finding, type Placed, type UpState } from "./up-state.ts";

type Fate<F extends Decision["fate"]> = Extract<Decision, { fate: F }>;

/** Adds the steps of one service; those of its dependencies are there already. */
export function addService(state: UpState, service: Service, jobs: ReadonlySet<string>): void {
  const decisions = state.decisions.get(service.name) ?? [];
  if (decisions.some(({ fate }) => fate === "replace")) stopDependents(state, service);
  const placed: Placed[] = [];
  for (const decision of decisions) {
    if (decision.fate === "create") placed.push(addCreation(state, service, decision));
    else if (decision.fate === "replace") placed.push(addReplacement(state, service, decision));
    else if (decision.fate === "keep") placed.push(addKept(state, service, decision, jobs));
  }
  state.placed.set(service.name, placed);
}

/** Dependents with `restart: true` are down while what they depend on is replaced. */
function stopDependents(state: UpState, service: Service): void {
  for (const [name, decisions] of state.decisions) {
    if (state.model.services.get(name)?.depends_on?.get(service.name)?.restart !== true) continue;
    for (const decision of decisions) {
      if (decision.fate === "keep") addStop(state, decision.container, `"${service.name}" is replaced`, []);
    }
  }
}

function addCreation(state: UpState, service: Service, { number, why }: Fate<"create">): Placed {
  const name = containerName(state.model, service, number);
  const create = addCreate(state, service, number, name, why, []);
  return start(state, service, target(create, name, service), [create], why === "missing" ? "" : why);
}

function addReplacement(state: UpState, service: Service, { container, number, why }: Fate<"replace">): Placed {
  const { Id: id } = container.summary;
  const name = containerName(state.model, service, number);
  const gone = state.removed.get(id);
  if (gone !== undefined) {
    const create = addCreate(state, service, number, name, why, [gone], container);
    return start(state, service, target(create, name, service), [create], "");
  }
  const create = addCreate(state, service, number, `${name}.new`, why, [], container);
  const conditions = state.options.noStart ? [] : addConditions(state, service);
  const removal = addRemoval(state, container, `replaced by ${create}`, [create, ...conditions]);
  const placed = target(create, name, service);
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

function addKept(state: UpState, service: Service, decision: Fate<"keep">, jobs: ReadonlySet<string>): Placed {
  const { container, rename, update } = decision;
  const { Id: id } = container.summary;
  const subject: Subject = rename === undefined ? subjectOf(container) : { ...subjectOf(container), name: rename };
  const kept: Existing = { subject, target: { id }, reference: `container:${id}` };
  const after: number[] = [];
  if (rename !== undefined) {
    const why = "an interrupted replacement is finished";
    after.push(state.draft.add({ op: "rename-container", container: { id }, to: rename, subject, why, after: [] }));
  }
  if (update !== undefined) {
    after.push(
      state.draft.add({
        op: "update-container",
        container: { id },
        body: update.body,
        subject,
        why: update.why,
        after,
      }),
    );
  }
  const stopped = state.stopped.get(id);
  if (stopped !== undefined) return start(state, service, kept, [...after, stopped], "it was stopped for a dependency");
  if (decision.start !== undefined) return start(state, service, kept, after, decision.start);
  if (container.summary.State === "paused") {
    const message = `container ${subject.name} is paused, it stays so`;
    state.warnings.push(finding(state, "warning", "paused", message, ["services", service.name]));
  }
  const health = healthOf(container);
  const settled = {
    healthy: health === "healthy",
    completed: jobs.has(service.name) && hasCompleted(container),
    hasNoHealth: health === undefined && isRunning(container),
  };
  return { ...kept, ready: after, starts: false, settled };
}

type Existing = Pick<Placed, "subject" | "target" | "reference">;

function target(create: number, name: string, service: Service): Existing {
  const container: ContainerTarget = { createdBy: create };
  const subject = { kind: "container", name, service: service.name } as const;
  return { subject, target: container, reference: `container:{step ${create}}` };
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
    const [first] = state.placed.get(parent) ?? [];
    if (first === undefined) return `container:${containersOf(state.observed, parent)[0]?.summary.Id ?? parent}`;
    if ("createdBy" in first.target) parents.push(first.target.createdBy);
    return first.reference;
  };
  const facts = bodyFacts({ ...state, service }, number, containerOf);
  const inherited = replaces !== undefined && !options.renewAnonymousVolumes ? replaces.summary.Mounts : [];
  const spec = containerSpec({ ...facts, inheritedVolumes: inherited });
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

function networksOf(spec: ContainerSpec): readonly string[] {
  return [
    ...Object.keys(spec.body.NetworkingConfig?.EndpointsConfig ?? {}),
    ...spec.connect.map(({ network }) => network),
    ...(spec.body.HostConfig?.NetworkMode === undefined ? [] : [spec.body.HostConfig.NetworkMode]),
  ];
}

/** Adds the start of a container behind its dependencies' conditions, and its post_start hooks. */
function start(state: UpState, service: Service, placed: Existing, after: readonly number[], why: string): Placed {
  const settled = { healthy: false, completed: false, hasNoHealth: false };
  if (state.options.noStart) return { ...placed, ready: after, starts: false, settled };
  const conditions = addConditions(state, service);
  const ports = (service.ports ?? []).flatMap(({ published, protocol }) =>
    published === undefined ? [] : (state.freedPorts.get(`${protocol ?? "tcp"}/${published}`) ?? []),
  );
  let last = state.draft.add({
    op: "start-container",
    container: placed.target,
    subject: placed.subject,
    why,
    after: [...after, ...conditions, ...ports],
  });
  for (const hook of service.post_start ?? []) {
    last = state.draft.add({
      op: "run-hook",
      container: placed.target,
      hook: hookRequest("post_start", hook),
      subject: placed.subject,
      why: "post_start",
      after: [last],
    });
  }
  return { ...placed, ready: [last], starts: true, settled };
}

function tellWarnings(state: UpState, spec: ContainerSpec): void {
  for (const { service, path, severity, code, message } of spec.warnings) {
    const told = finding(state, severity, code, message, ["services", service, ...path]);
    const list = severity === "error" ? state.errors : state.warnings;
    // Replicas have the same findings.
    if (!list.some((other) => other.message === told.message && other.span === told.span)) list.push(told);
  }
}
