import type { ProjectModel } from "../compose/model.ts";
import type { NetworkResource, VolumeResource } from "../engine/api.ts";
import { describeChange } from "./diff.ts";
import type { Finding } from "./finding.ts";
import { labels } from "./labels.ts";
import { networkBody, networkDivergence, networkNeeds } from "./network-body.ts";
import type { Observed } from "./plan.ts";
import type { UpOptions } from "./up-options.ts";
import { finding, type UpState } from "./up-state.ts";
import { volumeBody, volumeDivergence } from "./volume-body.ts";

/** Networks and volumes that have to be made, or made anew, by the names that they have on the engine. */
export interface ResourcePlan {
  readonly networks: ReadonlyMap<
    string,
    { readonly key: string; readonly why: string; readonly replaces?: NetworkResource }
  >;
  readonly volumes: ReadonlyMap<string, { readonly key: string; readonly why: string; readonly replaces: boolean }>;
  /** Networks that exist and stay. */
  readonly stay: readonly NetworkResource[];
}

/** The question whether a volume that no longer fits may be made anew. */
export function volumeQuestion(name: string): { id: string; message: string } {
  return {
    id: `volume:${name}`,
    message: `Volume "${name}" exists but doesn't match configuration in compose file. Recreate (data will be lost)?`,
  };
}

/** Compares the project's networks and volumes with what is there. Volumes are made anew only where that was accepted. */
export function compareResources(model: ProjectModel, observed: Observed, options: UpOptions): ResourcePlan {
  const networks = new Map<string, { key: string; why: string; replaces?: NetworkResource }>();
  const replaced = new Set<NetworkResource>();
  for (const [key, network] of model.networks) {
    if (network.external) continue;
    const there = observed.networks.find(({ Name }) => Name === network.name);
    if (there === undefined) networks.set(network.name, { key, why: "missing" });
    else if (isOurs(there, observed)) {
      const fields = networkDivergence(network, there);
      if (fields.length === 0) continue;
      networks.set(network.name, { key, why: describeChange(fields), replaces: there });
      replaced.add(there);
    }
  }
  const volumes = new Map<string, { key: string; why: string; replaces: boolean }>();
  for (const [key, volume] of model.volumes) {
    if (volume.external) continue;
    const there = observed.volumes.find(({ Name }) => Name === volume.name);
    if (there === undefined) volumes.set(volume.name, { key, why: "missing", replaces: false });
    else if (isOurs(there, observed)) {
      const fields = volumeDivergence(volume, there);
      if (fields.length === 0 || !options.accepted?.has(volumeQuestion(volume.name).id)) continue;
      volumes.set(volume.name, { key, why: describeChange(fields), replaces: true });
    }
  }
  return { networks, volumes, stay: observed.networks.filter((network) => !replaced.has(network)) };
}

/** Whether a network or volume was made for this project. What others made is used as it is. */
function isOurs({ Labels }: NetworkResource | VolumeResource, { project }: Observed): boolean {
  return Labels?.[labels.project] === project;
}

/** External networks and volumes must be there; of others' a warning tells; a volume that no longer fits is a question. */
export function checkResources(state: UpState): void {
  const { model, observed, options, errors, warnings, questions } = state;
  for (const [key, network] of model.networks) {
    const there = observed.networks.find(({ Name, Id }) => Name === network.name || Id === network.name);
    if (there !== undefined && !network.external && !isOurs(there, observed))
      warnings.push(foreign(state, "network", network.name, ["networks", key]));
    if (!network.external || there !== undefined) continue;
    const message = `network ${network.name} declared as external, but could not be found`;
    errors.push(finding(state, "error", "missing-network", message, ["networks", key]));
  }
  for (const [key, volume] of model.volumes) {
    const there = observed.volumes.find(({ Name }) => Name === volume.name);
    if (volume.external && there === undefined) {
      const message = `external volume "${volume.name}" not found`;
      errors.push(finding(state, "error", "missing-volume", message, ["volumes", key]));
    }
    if (there === undefined || volume.external) continue;
    if (!isOurs(there, observed)) warnings.push(foreign(state, "volume", volume.name, ["volumes", key]));
    else if (volumeDivergence(volume, there).length > 0 && !options.accepted?.has(volumeQuestion(volume.name).id))
      questions.push(volumeQuestion(volume.name));
  }
}

function foreign(state: UpState, kind: string, name: string, path: readonly string[]): Finding {
  const message = `${kind} ${name} exists, but was not made for project "${state.model.name}": it is used as it is`;
  return {
    ...finding(state, "warning", "foreign-resource", message, path),
    hint: "declare it with `external: true` if that is meant, else give it another name",
  };
}

/** Adds the steps that make networks; one that is made anew first loses its containers (`stops` gives their steps). */
export function addNetworks(
  state: UpState,
  resources: ResourcePlan,
  stops: ReadonlyMap<string, readonly number[]>,
): void {
  const { model, options, draft, warnings, networkSteps } = state;
  for (const [name, { key, why, replaces }] of resources.networks) {
    const network = model.networks.get(key);
    if (network === undefined) continue;
    const facts = { project: model, key, network, apiVersion: options.apiVersion, version: options.version };
    const need = networkNeeds(facts);
    if (need !== undefined) warnings.push(finding(state, "warning", "needs-newer-engine", need, ["networks", key]));
    const subject = { kind: "network", name } as const;
    const after =
      replaces === undefined
        ? []
        : [
            draft.add({
              op: "remove-network",
              network: replaces.Id,
              subject,
              why,
              after: stops.get(replaces.Id) ?? [],
            }),
          ];
    networkSteps.set(name, draft.add({ op: "create-network", body: networkBody(facts), subject, why, after }));
  }
}

/** Adds the steps that make volumes; one that is made anew first loses its containers. */
export function addVolumes(
  state: UpState,
  resources: ResourcePlan,
  removals: ReadonlyMap<string, readonly number[]>,
): void {
  const { model, options, draft, volumeSteps } = state;
  for (const [name, { key, why, replaces }] of resources.volumes) {
    const volume = model.volumes.get(key);
    if (volume === undefined) continue;
    const subject = { kind: "volume", name } as const;
    const after = replaces
      ? [draft.add({ op: "remove-volume", volume: name, subject, why, after: removals.get(name) ?? [] })]
      : [];
    const body = volumeBody({ project: model, key, volume, version: options.version });
    volumeSteps.set(name, draft.add({ op: "create-volume", body, subject, why, after }));
  }
}
