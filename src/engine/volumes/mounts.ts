/** What volumes with options have mounted: once, for all containers that hold it. */

import type { Mounter } from "../containers/runtime/mount.ts";
import { readMountTable } from "../containers/runtime/view.ts";
import { isBind } from "./check.ts";
import type { VolumeRecord } from "./record.ts";

export interface VolumeMounts {
  /** Mounts it unless it is; the container holds it from now on. Rejects with mount(8)'s words. */
  hold(record: VolumeRecord, container: string): Promise<void>;
  /** The container holds it no longer, the last one unmounts it. False where it did not hold it. */
  letGo(name: string, container: string): Promise<boolean>;
  /** Unmounts it whoever holds it. */
  release(name: string): Promise<void>;
}

/** `targetOf`: where a volume's content is. What a killed daemon left mounted is unmounted by whoever lets go of it last. */
export async function openMounts(mounter: Mounter, targetOf: (name: string) => string): Promise<VolumeMounts> {
  const holders = new Map<string, Set<string>>();
  const mounted = new Map<string, Promise<void>>();
  const table = new Set((await readMountTable()).map(({ target }) => target));

  const mount = ({ name, options }: VolumeRecord): Promise<void> => {
    if (options.device === undefined || table.has(targetOf(name))) return Promise.resolve();
    const { type = "", o = "", device } = options;
    const flags = o.split(",").filter((option) => option !== "" && option !== "bind" && option !== "rbind");
    const bind = isBind(o);
    return mounter.mount({ type: bind ? "bind" : type, source: device, target: targetOf(name), options: flags });
  };

  const unmount = async (name: string) => {
    table.delete(targetOf(name));
    await mounter.unmount(targetOf(name));
  };

  return {
    hold: async (record, container) => {
      const { name } = record;
      const those = holders.get(name) ?? new Set();
      holders.set(name, those.add(container));
      const work = mounted.get(name) ?? mount(record);
      mounted.set(name, work);
      await work.catch((error: unknown) => {
        those.delete(container);
        mounted.delete(name);
        throw error;
      });
    },
    letGo: async (name, container) => {
      const those = holders.get(name);
      if (those?.delete(container) !== true) return false;
      if (those.size > 0) return true;
      holders.delete(name);
      const work = mounted.get(name);
      mounted.delete(name);
      await work?.catch(() => {});
      if (work !== undefined) await unmount(name);
      return true;
    },
    release: async (name) => {
      holders.delete(name);
      mounted.delete(name);
      await unmount(name);
    },
  };
}
