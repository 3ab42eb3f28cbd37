/** The layers that copies of many files made last, step by step, so that the next ones need only hold what has changed. */

import type { Layers } from "../images/layers.ts";
import { changesSince, type Listing, listingOf } from "./changes-since.ts";
import { copyPieces, copyTar } from "./copy-pieces.ts";
import type { Placement } from "./place.ts";

export interface Copies {
  /**
   * Makes a layer of what is placed; its digest. `step`: what it was made by, whatever the files are. `keep` is told of every
   * layer that must stay meanwhile.
   */
  layer(step: string, placed: Placement, keep: (diffId: string) => void): Promise<string>;
}

interface Whole {
  readonly step: string;
  readonly diffId: string;
  readonly listing: Listing;
}

/** Members that are remembered, of all steps together: some hundred bytes each. */
const mostMembers = 200_000;

export function openCopies(layers: Layers): Copies {
  let known: readonly Whole[] = [];
  /** The last ones that were made, as many as may be. */
  const remember = (whole: Whole) => {
    let members = 0;
    known = [whole, ...known.filter(({ diffId }) => diffId !== whole.diffId)].filter(({ listing }) => {
      members += listing.members.size;
      return members <= mostMembers;
    });
  };
  const find = (step: string, placed: Placement) => {
    for (const whole of known) {
      if (whole.step !== step || layers.get(whole.diffId) === undefined) continue;
      const changes = changesSince(whole.listing, placed);
      if (changes !== undefined) return { upon: whole.diffId, changes };
    }
    return undefined;
  };
  return {
    layer: async (step, placed, keep) => {
      const found = find(step, placed);
      if (found !== undefined) keep(found.upon);
      const staged =
        found === undefined
          ? await layers.stageMade(copyPieces(placed))
          : await layers.stageChange(copyPieces(placed), copyTar(found.changes), found.upon);
      const diffId = await layers.place(staged);
      keep(diffId);
      // One that stands on another is none to stand on.
      if (layers.get(diffId)?.upon === undefined && placed.size <= mostMembers)
        remember({ step, diffId, listing: listingOf(placed) });
      return diffId;
    },
  };
}
