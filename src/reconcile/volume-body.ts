import type { ProjectModel, Volume } from "../compose/model.ts";
import type { VolumeCreateBody, VolumeResource } from "../engine/api.ts";
import { canonicalText, sha256 } from "./fields.ts";
import { labels } from "./labels.ts";
import { recordDiff, withoutToolLabels } from "./network-body.ts";
import { present, recordOf } from "./present.ts";

export interface VolumeFacts {
  readonly project: ProjectModel;
  /** The volume's key in the project. */
  readonly key: string;
  readonly volume: Volume;
  readonly version: string;
}

/** What is sent to the engine to create a volume of the project, with the labels by which docker compose finds it. */
export function volumeBody({ project, key, volume, version }: VolumeFacts): VolumeCreateBody {
  return present<VolumeCreateBody>({
    Name: volume.name,
    Driver: volume.driver,
    DriverOpts: recordOf(volume.driver_opts),
    Labels: Object.fromEntries([
      ...(volume.labels ?? []),
      [labels.volume, key],
      [labels.project, project.name],
      [labels.version, version],
      [labels.configHash, volumeHash(volume)],
    ]),
  });
}

/** sha256 in hex over all that a volume is made from. */
export function volumeHash(volume: Volume): string {
  return sha256(`volume\0${canonicalText({ ...volume, driver: volume.driver ?? "local" })}`);
}

/**
 * In what a volume on the engine differs from the model: names of fields (`driver`, `driver_opts.device`, `labels.x`),
 * empty when it may be used as it is. Our own hash decides where it is there; a volume that docker compose made has
 * another hash, and is compared by what it is.
 */
export function volumeDivergence(volume: Volume, resource: VolumeResource): readonly string[] {
  if (volume.external || resource.Labels?.[labels.configHash] === volumeHash(volume)) return [];
  return [
    ...((volume.driver ?? "local") === resource.Driver ? [] : ["driver"]),
    ...recordDiff("driver_opts", volume.driver_opts, resource.Options),
    ...recordDiff("labels", volume.labels, withoutToolLabels(resource.Labels)),
  ].sort();
}
