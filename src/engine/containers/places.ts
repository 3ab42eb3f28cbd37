/** Where the files of containers are. */

import path from "node:path";
import type { Ground } from "../daemon/ground.ts";

export interface Places {
  /** The records: `<id>.json`. */
  readonly records: string;
  /** Where exit codes appear. */
  readonly exits: string;
  /** What the OCI runtime is started with: its view of the host, lists of mounts. */
  readonly runtime: string;
  /** The OCI runtime's own state. */
  readonly state: string;
  /** Short names for long lists of layers. */
  readonly links: string;
  /** The layer below every image's. */
  readonly init: string;
  /** Bundles, with the root file systems mounted in them. */
  readonly bundles: string;
  of(id: string): ContainerPlaces;
}

/** One container's. */
export interface ContainerPlaces {
  /** What goes when the container is removed. */
  readonly folder: string;
  /** Its own layer on top of the image's. */
  readonly upper: string;
  readonly work: string;
  readonly log: string;
  /** Mounted into it: `hostname`, `hosts`, `resolv.conf`. */
  readonly files: string;
  /** config.json, conmon's pipes (`attach`, `winsz`) and PID files; as long as it runs. */
  readonly bundle: string;
  /** Its root file system, where it is mounted. */
  readonly rootfs: string;
  /** Its /dev/shm, where others may share it. */
  readonly shm: string;
}

export function placesIn({ dataRoot, execRoot }: Pick<Ground, "dataRoot" | "execRoot">): Places {
  const records = path.join(dataRoot, "containers");
  const bundles = path.join(execRoot, "containers");
  return {
    records,
    exits: path.join(execRoot, "exits"),
    runtime: path.join(execRoot, "runtime"),
    state: path.join(execRoot, "runtime", "state"),
    links: path.join(execRoot, "links"),
    init: path.join(execRoot, "init"),
    bundles,
    of: (id) => {
      const folder = path.join(records, id);
      const bundle = path.join(bundles, id);
      return {
        folder,
        upper: path.join(folder, "upper"),
        work: path.join(folder, "work"),
        log: path.join(folder, "container.log"),
        files: path.join(folder, "files"),
        bundle,
        rootfs: path.join(bundle, "rootfs"),
        shm: path.join(bundle, "shm"),
      };
    },
  };
}
