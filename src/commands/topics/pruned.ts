import type { Engine } from "../../engine/api.ts";
import type { Change } from "../../ui/changes.ts";
import { sizeText } from "../../ui/size-text.ts";
import { done } from "./engine-verb.ts";

type Pruned<Call extends "containerPrune" | "imagePrune" | "networkPrune" | "volumePrune"> = Awaited<
  ReturnType<Engine[Call]>
>;

/** The answer where the question is answered with no. */
export const untouched = { data: { changes: [], reclaimed: 0 } };

export function prunedContainers({ ContainersDeleted }: Pruned<"containerPrune">): readonly Change[] {
  return (ContainersDeleted ?? []).map((id) => done("remove-container", id, id));
}

export function prunedNetworks({ NetworksDeleted }: Pruned<"networkPrune">): readonly Change[] {
  return (NetworksDeleted ?? []).map((name) => done("remove-network", name));
}

export function prunedVolumes({ VolumesDeleted }: Pruned<"volumePrune">): readonly Change[] {
  return (VolumesDeleted ?? []).map((name) => done("remove-volume", name));
}

export function prunedImages({ ImagesDeleted }: Pruned<"imagePrune">): readonly Change[] {
  return (ImagesDeleted ?? []).map(removedImage);
}

/** What the engine says of an image that it removes, or of a name of it. */
export function removedImage({ Untagged, Deleted = "" }: { readonly Untagged?: string; readonly Deleted?: string }) {
  return Untagged === undefined ? done("remove-image", Deleted, Deleted) : done("untag-image", Untagged);
}

/** Prints a line for each thing that is gone, and the bytes that are free again where they are known; answers with both. */
export function showPruned(
  changes: readonly Change[],
  reclaimed: number | undefined,
  { json }: { readonly json?: boolean },
  line = ({ name }: Change) => name,
) {
  if (!json) {
    const total = reclaimed === undefined ? "" : `Total reclaimed space: ${sizeText(reclaimed, "decimal", 4)}\n`;
    process.stdout.write(`${changes.map((change) => `${line(change)}\n`).join("")}${total}`);
  }
  return { data: { changes, ...(reclaimed !== undefined && { reclaimed }) } };
}
