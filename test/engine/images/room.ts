/** A room of images on a data root of its own. */

import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { EngineEvent, Progress } from "../../../src/engine/api.ts";
import { openEventLog } from "../../../src/engine/daemon/event-log.ts";
import type { Ground } from "../../../src/engine/daemon/ground.ts";
import type { ContainerUse, Uses } from "../../../src/engine/daemon/rooms.ts";
import { openImages } from "../../../src/engine/images/open-images.ts";
import type { ImagesRoom } from "../../../src/engine/images/room.ts";

import { plainOptions, type RegistryOptions } from "../../../src/engine/registry/hosts.ts";

export interface TestRoom {
  readonly room: ImagesRoom;
  readonly ground: Ground;
  /** `action name` of what was told, in order. */
  readonly told: string[];
  /** What uses images, by ID. */
  readonly users: Map<string, ContainerUse[]>;
  /** The same data root, opened again: as after a restart, or with another boot ID after the machine's. */
  again(bootId?: string): Promise<ImagesRoom>;
  remove(): Promise<void>;
}

/** `registries`: what the daemon is told of them; it does not wait long before it tries again. */
export async function openTestRoom(registries: RegistryOptions = { ...plainOptions, pause: 10 }): Promise<TestRoom> {
  const home = await mkdtemp(path.join(tmpdir(), "gantry-images-"));
  const told: string[] = [];
  const log = openEventLog(() => BigInt(Date.now()) * 1_000_000n);
  const events = {
    ...log,
    publish: (...[type, action, id, attributes]: Parameters<typeof log.publish>) => {
      told.push(`${action} ${attributes.name ?? ""}`.trim());
      log.publish(type, action, id, attributes);
    },
  };
  const ground: Ground = { dataRoot: home, execRoot: home, bootId: "this-boot", events, log: () => {} };
  const users = new Map<string, ContainerUse[]>();
  const uses: Uses = { ofImage: (id) => users.get(id) ?? [], ofVolume: () => [] };
  return {
    room: await openImages(ground, uses, registries),
    ground,
    told,
    users,
    again: (bootId = ground.bootId) => openImages({ ...ground, bootId }, uses, registries),
    remove: () => rm(home, { recursive: true, force: true }),
  };
}

/** The tar of a directory that a shell script fills. */
export async function tarOf(script: string, options: readonly string[] = []): Promise<Buffer> {
  const directory = await mkdtemp(path.join(tmpdir(), "gantry-tar-"));
  try {
    execFileSync("sh", ["-ec", script], { cwd: directory });
    return execFileSync("tar", ["-C", directory, "--numeric-owner", ...options, "-cf", "-", "."], {
      maxBuffer: 1 << 30,
    });
  } finally {
    await rm(directory, { recursive: true });
  }
}

export async function drain(lines: AsyncIterable<Progress>): Promise<Progress[]> {
  const all: Progress[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

export type { EngineEvent };
