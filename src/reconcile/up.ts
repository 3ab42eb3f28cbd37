import { dependencyGraph } from "../compose/graph.ts";
import type { ProjectModel, Service } from "../compose/model.ts";
import { suggestion } from "../compose/nearest.ts";
import { addFinalWait } from "./conditions.ts";
import { isOneOff, nameOf, serviceOf } from "./containers.ts";
import { type Decision, decide } from "./decide.ts";
import { jobsOf } from "./dependencies.ts";
import { draft } from "./draft.ts";
import { imageReference } from "./names.ts";
import { orphansOf } from "./orphans.ts";
import type { Observed, Planned } from "./plan.ts";
import { detachContainers, reattachContainers } from "./up-detached.ts";
import { addHandovers } from "./up-handovers.ts";
import type { UpOptions } from "./up-options.ts";
import { addRemoval, addRemovals } from "./up-removals.ts";
import { addNetworks, addVolumes, checkResources, compareResources } from "./up-resources.ts";
import { addOneOff, addService } from "./up-service.ts";
import { finding, isNamed, type UpState } from "./up-state.ts";

/**
 * Plans what brings the engine to what the project says: networks and volumes, then each service's containers in the order
 * of their dependencies. Creating waits for no dependency, only starting does; what is up to date gets no step, so a
 * plan without steps means that there is nothing to do. Containers that exited are started again, as docker compose
 * does, but a job that ended well and that others wait for (`service_completed_successfully`) is not done twice.
 *
 * A container is replaced in steps that can be interrupted anywhere: the new one is made under a temporary name, the
 * old one stopped and removed, the new one renamed and started. decide.ts recognises each half-way state.
 *
 * @param model the selected project (compose/select.ts): services that are enabled, but were not asked for, are in
 *   `disabled_services`, so that their containers are no orphans
 */
export function planUp(model: ProjectModel, observed: Observed, options: UpOptions): Planned {
  const resources = compareResources(model, observed, options);
  const order = dependencyGraph(model.services).order.flat();
  const renewedVolumes = new Set([...resources.volumes].filter(([, { replaces }]) => replaces).map(([name]) => name));
  const decisions = new Map<string, readonly Decision[]>();
  const jobs = jobsOf(model.services);
  for (const name of order) {
    const service = model.services.get(name);
    if (service === undefined || name === options.oneOff?.service) continue;
    const facts = {
      model,
      observed,
      options,
      service,
      isNamed: isNamed({ options }, service),
      isJob: jobs.has(name),
      networks: resources.stay,
      renewedVolumes,
      decisions,
    };
    decisions.set(name, decide(facts));
  }
  const state: UpState = {
    model,
    observed,
    options,
    draft: draft(model.name),
    decisions,
    errors: [],
    warnings: [],
    questions: [],
    networkSteps: new Map(),
    volumeSteps: new Map(),
    stopped: new Map(),
    removed: new Map(),
    preStarted: new Map(),
    freedPorts: new Map(),
    freedNames: new Map(),
    placed: new Map(),
    waits: new Map(),
  };
  for (const name of options.scale?.keys() ?? []) {
    if (model.services.has(name)) continue;
    const hint = suggestion(name, model.services.keys());
    const message = `--scale: no such service: ${name}`;
    state.errors.push({ severity: "error", code: "undefined-service", message, ...(hint !== undefined && { hint }) });
  }
  checkResources(state);
  for (const service of model.services.values()) checkService(state, service);
  addOrphans(state);
  addRemovals(state);
  addHandovers(state);
  const detached = detachContainers(state, resources);
  addNetworks(state, resources, detached.stops);
  addVolumes(state, resources, detached.removals);
  reattachContainers(state, detached.bystanders);
  for (const name of order) {
    const service = model.services.get(name);
    if (service === undefined) continue;
    if (name === options.oneOff?.service) addOneOff(state, service, options.oneOff);
    else addService(state, service);
  }
  if (options.wait) addFinalWaits(state, jobs);
  const plan = state.errors.length > 0 ? draft(model.name).plan() : state.draft.plan();
  return { plan, errors: state.errors, warnings: state.warnings, questions: state.questions };
}

/** Adds the waits of --wait, for the services that were asked for. */
function addFinalWaits(state: UpState, jobs: ReadonlySet<string>): void {
  for (const service of state.model.services.values()) {
    if (!isNamed(state, service)) continue;
    for (const placed of state.placed.get(service.name) ?? []) {
      addFinalWait(state, placed, jobs.has(service.name), state.options.waitTimeout);
    }
  }
}

function checkService(state: UpState, service: Service): void {
  const path = ["services", service.name];
  for (const [name, { condition, required }] of service.depends_on ?? []) {
    const dependency = state.model.services.get(name);
    if (condition !== "service_healthy" || state.options.noStart || dependency === undefined) continue;
    if (dependency.provider !== undefined) continue;
    if (mayBeHealthy(state, dependency)) continue;
    const message = `service "${service.name}" waits for "${name}" to be healthy, which has no healthcheck`;
    const severity = required ? "error" : "warning";
    (required ? state.errors : state.warnings).push({
      ...finding(state, severity, "no-healthcheck", message, [...path, "depends_on", name]),
      hint: `give "${name}" a healthcheck, or wait for service_started; its image has none`,
    });
  }
  for (const [index, hook] of (service.pre_start ?? []).entries()) {
    if (hook.per_replica !== true) continue;
    const message = `pre_start hooks of "${service.name}" run once, not for each replica`;
    state.errors.push(finding(state, "error", "unsupported", message, [...path, "pre_start", index, "per_replica"]));
  }
  const scale = state.options.scale?.get(service.name);
  if (scale !== undefined && scale > 1 && service.container_name !== undefined) {
    const message = `service "${service.name}" has a container_name, so it cannot be scaled to ${scale}`;
    state.errors.push(finding(state, "error", "fixed-name", message, [...path, "container_name"]));
  }
}

/** Whether a service has a health check: its own, or its image's; of an image that is not there that is not known. */
function mayBeHealthy({ model, observed }: UpState, service: Service): boolean {
  const { disable, test } = service.healthcheck ?? {};
  if (disable === true) return false;
  if (test !== undefined && test.length > 0) return test[0] !== "NONE";
  return observed.images.get(imageReference(model, service))?.hasHealthcheck ?? true;
}

function addOrphans(state: UpState): void {
  const { observed, model, options, warnings } = state;
  const orphans = orphansOf(observed, model);
  if (orphans.length === 0) return;
  if (!options.removeOrphans) {
    if (options.ignoreOrphans) return;
    const names = orphans.map(({ summary }) => nameOf(summary)).join(", ");
    warnings.push({
      severity: "warning",
      code: "orphans",
      message: `found orphan containers (${names}) for this project`,
      hint: "if you removed or renamed a service in your compose file, run with --remove-orphans to clean it up",
    });
    return;
  }
  for (const container of orphans) {
    const why = isOneOff(container)
      ? "orphan: a one-off that has ended"
      : `orphan: no service "${serviceOf(container)}"`;
    addRemoval(state, container, why);
  }
}
