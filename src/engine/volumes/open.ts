/** Opens the volumes: the local driver, whose volumes are directories, or what their options say to mount there. */

import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rmdir } from "node:fs/promises";
import path from "node:path";
import type { Engine, VolumeResource } from "../api.ts";
import { sizeOf } from "../containers/list.ts";
import { removeTree } from "../containers/rootfs/remove-tree.ts";
import { openMounter } from "../containers/runtime/mount.ts";
import type { Ground } from "../daemon/ground.ts";
import { openRecords, type Records } from "../daemon/records.ts";
import type { Uses, VolumeStore } from "../daemon/rooms.ts";
import { conflict, internal, notFound } from "../refusal.ts";
import { checkVolumeName, checkVolumeOptions, takeVolumeBody } from "./check.ts";
import { isAnonymous, pruneFilter, volumeFilter } from "./filter.ts";
import { openMounts } from "./mounts.ts";
import { decodeVolume, type VolumeRecord } from "./record.ts";

export interface Volumes {
  readonly calls: Pick<Engine, "volumeList" | "volumeInspect" | "volumeCreate" | "volumeRemove" | "volumePrune">;
  readonly store: VolumeStore;
  /** All of them, with their sizes and how many containers use them. */
  usage(): Promise<VolumeResource[]>;
}

export interface VolumeParts {
  readonly ground: Ground;
  readonly uses: Pick<Uses, "ofVolume">;
}

export async function openVolumes({ ground, uses }: VolumeParts): Promise<Volumes> {
  const folder = path.join(ground.dataRoot, "volumes");
  const records = await openRecords({ folder, decode: decodeVolume, log: ground.log });
  await sweep(folder, records);
  /** Those whose removal is under way: the next one of that name waits for it. */
  const going = new Map<string, Promise<void>>();
  const all = () => [...records.all.values()].filter(({ removing }) => !removing);
  const mounter = await openMounter(path.join(ground.execRoot, "volumes"));
  const contentOf = (name: string) => path.join(folder, name, "_data");
  const mounts = await openMounts(mounter, contentOf);
  const publish = (name: string, action: string, more: Readonly<Record<string, string>> = {}) =>
    ground.events.publish("volume", action, name, { driver: "local", ...more });

  const find = (name: string): VolumeRecord => {
    const record = records.get(name);
    if (record === undefined || record.removing) throw notFound(`get ${name}: no such volume`);
    return record;
  };

  const tell = ({ name, driver, created, labels, options }: VolumeRecord): VolumeResource => ({
    CreatedAt: created,
    Driver: driver,
    Labels: labels,
    Mountpoint: contentOf(name),
    Name: name,
    Options: Object.keys(options).length === 0 ? null : options,
    Scope: "local",
  });

  const create = async (
    wanted: string | undefined,
    driver: string,
    options: Readonly<Record<string, string>>,
    labels: Readonly<Record<string, string>>,
  ): Promise<VolumeRecord> => {
    const name = wanted === undefined || wanted === "" ? randomBytes(32).toString("hex") : wanted;
    checkVolumeName(name);
    if (driver !== "local") {
      throw notFound(`error looking up volume plugin ${driver}: plugin "${driver}" not found`);
    }
    checkVolumeOptions(name, options);
    await going.get(name);
    const there = records.get(name);
    if (there !== undefined) return there;
    const anonymous = wanted === undefined || wanted === "" ? { "com.docker.volume.anonymous": "" } : {};
    const record: VolumeRecord = {
      format: 1,
      name,
      driver: "local",
      created: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
      labels: { ...anonymous, ...labels },
      options,
    };
    // Empty and without a record, its folder goes when the daemon starts.
    await mkdir(contentOf(name), { recursive: true, mode: 0o755 });
    await records.put(name, record, { sync: true });
    publish(name, "create");
    return record;
  };

  const remove = async (name: string) => {
    const users = uses.ofVolume(name);
    if (users.length > 0) {
      throw conflict(`remove ${name}: volume is in use - [${users.map(({ id }) => id).join(", ")}]`);
    }
    await mounts.release(name);
    const removal = takeAway(folder, records, find(name));
    going.set(
      name,
      removal.catch(() => {}),
    );
    await removal.finally(() => going.delete(name));
    publish(name, "destroy");
  };

  const store: VolumeStore = {
    ensure: async (name, { driver = "local", options = {}, labels = {} } = {}) => {
      const record = await create(name, driver, options, labels);
      return { name: record.name, source: contentOf(record.name) };
    },
    mount: async (name, container, destination, readWrite) => {
      const record = find(name);
      await mkdir(contentOf(name), { recursive: true, mode: 0o755 });
      await mounts.hold(record, container).catch((error: unknown) => {
        throw internal(`error while mounting volume '${contentOf(name)}': ${String(error)}`, error);
      });
      publish(name, "mount", {
        container,
        destination,
        propagation: "",
        "read/write": String(readWrite),
      });
      return contentOf(name);
    },
    unmount: async (name, container) => {
      if (!(await mounts.letGo(name, container))) return;
      publish(name, "unmount", { container });
    },
    removeAnonymous: async (names) => {
      for (const name of names) {
        const record = records.get(name);
        if (record === undefined || !isAnonymous(record) || uses.ofVolume(name).length > 0) continue;
        await remove(name);
      }
    },
  };

  return {
    store,
    usage: async () =>
      Promise.all(
        all().map(async (record) => ({
          ...tell(record),
          UsageData: { Size: await sizeOf(contentOf(record.name)), RefCount: uses.ofVolume(record.name).length },
        })),
      ),
    calls: {
      volumeList: async ({ filters = {} }) => {
        const matches = volumeFilter(filters, (name) => uses.ofVolume(name).length > 0);
        const chosen = all()
          .filter(matches)
          .toSorted((a, b) => (a.name < b.name ? -1 : 1));
        return { Volumes: chosen.map(tell), Warnings: null };
      },
      volumeInspect: async ({ name }) => tell(find(name)),
      volumeCreate: async ({ body }) => {
        const { Name, Driver, DriverOpts, Labels } = takeVolumeBody(body);
        return tell(await create(Name ?? undefined, Driver || "local", DriverOpts ?? {}, Labels ?? {}));
      },
      volumeRemove: async ({ name, force }) => {
        if (records.get(name) === undefined && force === true) return;
        find(name);
        await remove(name);
      },
      volumePrune: async ({ filters = {} }) => {
        const matches = pruneFilter(filters);
        const idle = all().filter((record) => uses.ofVolume(record.name).length === 0 && matches(record));
        let SpaceReclaimed = 0;
        for (const { name } of idle) {
          const size = await sizeOf(contentOf(name));
          await remove(name);
          SpaceReclaimed += size;
        }
        ground.events.publish("volume", "prune", "", { reclaimed: String(SpaceReclaimed) });
        return { VolumesDeleted: idle.map(({ name }) => name), SpaceReclaimed };
      },
    },
  };
}

/** What of a volume's content is still to be deleted; nobody's name. */
const doomedPrefix = ".removed-";

/** Intent before effect: from the first step on, a daemon that starts finishes this. */
async function takeAway(folder: string, records: Records<VolumeRecord>, record: VolumeRecord): Promise<void> {
  await records.put(record.name, { ...record, removing: true }, { sync: false });
  const doomed = path.join(folder, `${doomedPrefix}${randomBytes(8).toString("hex")}`);
  await rename(path.join(folder, record.name), doomed).catch(ignoreMissing);
  await records.remove(record.name);
  await removeTree(doomed);
}

/**
 * Finishes removals, and takes away what a creation that was cut off has left: an empty folder. One with content is kept,
 * for its record may be set aside as damaged.
 */
async function sweep(folder: string, records: Records<VolumeRecord>): Promise<void> {
  for (const record of [...records.all.values()]) if (record.removing) await takeAway(folder, records, record);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const home = path.join(folder, entry.name);
    if (entry.name.startsWith(doomedPrefix)) await removeTree(home);
    else if (entry.isDirectory() && records.get(entry.name) === undefined) {
      for (const empty of [path.join(home, "_data"), home]) await rmdir(empty).catch(() => {});
    }
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
