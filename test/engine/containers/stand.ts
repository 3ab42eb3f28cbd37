/** A stand for the tests of this room: a daemon's ground in a temporary folder, one image, and no networks. */

import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ContainerCreateBody, ContainerInspect, EngineEvent } from "../../../src/engine/api.ts";
import { type Containers, openContainers } from "../../../src/engine/containers/open.ts";
import { removeTree } from "../../../src/engine/containers/rootfs/remove-tree.ts";
import { run } from "../../../src/engine/containers/runtime/run.ts";
import { readMountTable } from "../../../src/engine/containers/runtime/view.ts";
import { openEventLog } from "../../../src/engine/daemon/event-log.ts";
import type { ImageStore, Sandboxes, StoredImage, Uses } from "../../../src/engine/daemon/rooms.ts";
import { notFound } from "../../../src/engine/refusal.ts";
import { openVolumes, type Volumes } from "../../../src/engine/volumes/open.ts";

export interface Stand {
  readonly root: string;
  containers: Containers;
  volumes: Volumes;
  readonly events: EngineEvent[];
  /** What the log was told at level warn or error. */
  readonly complaints: string[];
  /** Forgets everything in memory, as a killed daemon does, and starts another one; `meanwhile` there is none. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  create(script: string, more?: ContainerCreateBody, name?: string): Promise<string>;
  /** Creates, starts, waits. */
  run(script: string, more?: ContainerCreateBody): Promise<Ended>;
  inspect(id: string): Promise<ContainerInspect>;
  log(id: string): string;
  /** Resolves when that holds; it is looked at again and again. */
  until(holds: () => boolean | Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

export interface Ended {
  readonly id: string;
  readonly code: number;
  readonly output: string;
}

export const imageId = `sha256:${"1".repeat(64)}`;

export async function openStand(): Promise<Stand> {
  const root = mkdtempSync(path.join(tmpdir(), "gantry-containers-"));
  const layer = path.join(root, "layer");
  makeLayer(layer);
  const image: StoredImage = {
    id: imageId,
    created: "2026-01-01T00:00:00Z",
    platform: { os: "linux", architecture: "amd64" },
    config: { Env: ["MADE=here"], Cmd: ["sh"] },
    diffIds: [],
    references: ["busybox:latest"],
  };
  const images: ImageStore = {
    find: (name) => {
      if (name !== "busybox" && name !== "busybox:latest" && name !== imageId) throw notFound(`No such image: ${name}`);
      return image;
    },
    layers: async () => [layer],
    add: () => Promise.reject(new Error("this stand makes no images")),
  };
  const events: EngineEvent[] = [];
  const complaints: string[] = [];
  const open = async () => {
    let clock = BigInt(Date.now()) * 1_000_000n;
    const log = openEventLog(() => clock++);
    const listening = log.listen({});
    void (async () => {
      for await (const event of listening) events.push(event);
    })();
    const ground = {
      dataRoot: path.join(root, "data"),
      execRoot: path.join(root, "exec"),
      bootId: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
      events: log,
      log: (level: string, message: string, details?: unknown) => {
        if (level === "warn" || level === "error") complaints.push(`${message} ${JSON.stringify(details ?? {})}`);
      },
    };
    let uses: Uses | undefined;
    const volumes = await openVolumes({ ground, uses: { ofVolume: (name) => uses?.ofVolume(name) ?? [] } });
    const containers = await openContainers({ ground, images, sandboxes: noSandboxes, volumes: volumes.store });
    uses = containers.uses;
    await containers.restore();
    return { volumes, containers };
  };

  const stand: Stand = {
    root,
    ...(await open()),
    events,
    complaints,
    restart: async (meanwhile) => {
      stand.containers.close();
      await meanwhile?.();
      Object.assign(stand, await open());
    },
    create: async (script, more = {}, name) => {
      const { HostConfig, ...rest } = more;
      const body: ContainerCreateBody = {
        Image: "busybox",
        Cmd: ["sh", "-c", script],
        ...rest,
        HostConfig: { NetworkMode: "none", ...HostConfig },
      };
      return (await stand.containers.calls.containerCreate({ body, ...(name !== undefined && { name }) })).Id;
    },
    run: async (script, more) => {
      const id = await stand.create(script, more);
      const over = stand.containers.calls.containerWait({ id, condition: "next-exit" });
      await stand.containers.calls.containerStart({ id });
      const { StatusCode } = await over;
      return { id, code: StatusCode, output: stand.log(id) };
    },
    inspect: (id) => stand.containers.calls.containerInspect({ id }),
    log: (id) =>
      readFileSync(stand.containers.room.places.of(id).log, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.split(" ").slice(3).join(" ") + (line.split(" ")[2] === "F" ? "\n" : ""))
        .join(""),
    until: async (holds) => {
      const end = Date.now() + 30_000;
      while (!(await holds())) {
        if (Date.now() > end) throw new Error("it did not come to hold in 30 s");
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    close: async () => {
      const { calls } = stand.containers;
      for (const { Id } of await calls.containerList({ all: true })) {
        await calls.containerRemove({ id: Id, force: true, v: true });
      }
      stand.containers.close();
      const below = (await readMountTable())
        .map(({ target }) => target)
        .filter((target) => target.startsWith(`${root}/`));
      for (const target of below.toSorted().reverse()) await run("umount", ["--lazy", target]);
      await removeTree(root);
    },
  };
  return stand;
}

const noSandboxes: Sandboxes = {
  identify: (network) => ({ id: network, name: network }),
  check: () => {},
  open: () => Promise.reject(notFound("this stand has no networks")),
  close: async () => {},
  join: () => Promise.reject(notFound("this stand has no networks")),
  leave: () => Promise.reject(notFound("this stand has no networks")),
  rename: () => Promise.reject(notFound("this stand has no networks")),
  restore: async () => {},
};

function makeLayer(layer: string): void {
  for (const folder of ["bin", "etc", "tmp", "proc", "sys", "dev", "home/app", "content/deep"]) {
    mkdirSync(path.join(layer, folder), { recursive: true });
  }
  cpSync("/bin/busybox", path.join(layer, "bin/busybox"));
  for (const applet of "cat echo env false grep id kill ls mkdir mount ps pwd rm sh sleep stat test touch true trap umount wc ulimit hostname".split(
    " ",
  )) {
    symlinkSync("busybox", path.join(layer, "bin", applet));
  }
  writeFileSync(
    path.join(layer, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:app:/home/app:/bin/sh\n",
  );
  writeFileSync(path.join(layer, "etc/group"), "root:x:0:\napp:x:1001:\nextra:x:2000:app\n");
  writeFileSync(path.join(layer, "content/deep/file"), "from the image\n");
}
