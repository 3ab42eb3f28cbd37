/** A stand for builds: rooms of images, containers and builds on a data root of their own; without networks. */

import { readFile } from "node:fs/promises";
import path from "node:path";
import type { ImageBuildArgs, Progress } from "../../../src/engine/api.ts";
import { type BuildsRoom, openBuilds } from "../../../src/engine/build/open-builds.ts";
import { packFiles } from "../../../src/engine/build-context.ts";
import { type Containers, openContainers } from "../../../src/engine/containers/open.ts";
import { removeTree } from "../../../src/engine/containers/rootfs/remove-tree.ts";
import { run } from "../../../src/engine/containers/runtime/run.ts";
import { readMountTable } from "../../../src/engine/containers/runtime/view.ts";
import type { Sandboxes } from "../../../src/engine/daemon/rooms.ts";
import { notFound } from "../../../src/engine/refusal.ts";
import { openVolumes } from "../../../src/engine/volumes/open.ts";
import { drain, openTestRoom, type TestRoom } from "../images/room.ts";

export interface BuildStand extends TestRoom {
  readonly builds: BuildsRoom;
  readonly containers: Containers;
  /** Builds a Dockerfile with files beside it; the texts of all lines, and the image's ID. */
  build(dockerfile: string, files?: Files, more?: Partial<ImageBuildArgs>): Promise<Built>;
  /** `path type mode uid:gid content` of all that an image shows, sorted; without busybox's own. */
  files(name: string): Promise<string[]>;
  /** The same with checksums of the contents and capabilities. */
  tree(name: string): Promise<string[]>;
}

export type Files = Readonly<Record<string, string | Buffer>>;

export interface Built {
  readonly id: string | undefined;
  readonly lines: readonly Progress[];
  readonly text: string;
}

export async function openBuildStand(): Promise<BuildStand> {
  const test = await openTestRoom();
  const ground = { ...test.ground, execRoot: path.join(test.ground.dataRoot, "exec") };
  const volumes = await openVolumes({ ground, uses: { ofVolume: () => [] } });
  const { room } = test;
  const containers = await openContainers({
    ground,
    images: room.store,
    sandboxes: noSandboxes,
    volumes: volumes.store,
  });
  const builds = await openBuilds(ground, room, containers.steps);
  const busybox = await readFile("/bin/busybox");
  const look = async (name: string, script: string): Promise<string[]> => {
    const layers = await room.store.layers(room.store.find(name));
    const target = path.join(test.ground.dataRoot, "seen");
    await run("mkdir", ["-p", target]);
    const lower = [...layers.toReversed(), target].join(":");
    await run("mount", ["-t", "overlay", "overlay", "-o", `lowerdir=${lower}`, target]);
    try {
      const { stdout } = await run("sh", ["-c", `cd "$1"; ${script}`, "sh", target]);
      return stdout
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "")
        .toSorted();
    } finally {
      await run("umount", [target]);
    }
  };

  return {
    ...test,
    builds,
    containers,
    build: async (dockerfile, files = {}, more = {}) => {
      const all = { Dockerfile: dockerfile, busybox, ...files };
      const stream = packFiles(
        Object.entries(all).map(([name, content]) => ({
          path: name,
          content,
          uid: 1000,
          gid: 1000,
          mode: name === "busybox" ? 0o755 : 0o644,
        })),
      );
      const lines = await drain(await builds.calls.imageBuild({ stream, networkmode: "none", ...more }));
      const id = lines.flatMap(({ aux }) => (aux as { ID?: string } | undefined)?.ID ?? []).at(-1);
      return { id, lines, text: lines.map(({ stream: text, error }) => text ?? error ?? "").join("") };
    },
    files: (name) => look(name, listing),
    tree: (name) =>
      look(
        name,
        `${listing}; find . ! -path './bin*' -type f -exec sha256sum {} + | sed 's|^\\(.\\{12\\}\\)[^ ]*  ./\\(.*\\)|\\2 = \\1|'; getfattr -R -P -h -d -m security.capability -e hex . 2>/dev/null | tr '\\n' ' ' | sed 's/  /\\n/g'`,
      ),
    remove: async () => {
      containers.close();
      const home = test.ground.dataRoot;
      const below = (await readMountTable())
        .map(({ target }) => target)
        .filter((target) => target.startsWith(`${home}/`));
      for (const target of below.toSorted().reverse()) await run("umount", ["--lazy", target]);
      await removeTree(home);
    },
  };
}

const listing =
  "find . -mindepth 1 ! -path './bin*' ! -type d -printf '%P %y %m %U:%G %l\\n'; " +
  "find . -mindepth 1 -type d ! -name bin -printf '%P/ %y %m %U:%G\\n'";

const none = () => Promise.reject(notFound("this stand has no networks"));
const noSandboxes: Sandboxes = {
  identify: (network) => ({ id: network, name: network }),
  check: () => {},
  open: none,
  close: async () => {},
  join: none,
  leave: none,
  rename: none,
  restore: async () => {},
};
