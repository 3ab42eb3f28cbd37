/**
 * Compiled seccomp filters. crun's libseccomp needs longer for docker's profile than for all the rest of a container; the
 * filter is the same for all containers with the same profile, and crun takes it ready-made (`run.oci.seccomp_bpf_data`,
 * crun(1)).
 */

import { createHash } from "node:crypto";
import type { Runtime } from "./runtime.ts";

export interface Filters {
  /**
   * A config.json with the compiled filter, where one is known. The first one with a profile goes without, and the others
   * wait for it.
   */
  take(spec: Spec): Promise<Taken>;
}

type Spec = Record<string, unknown>;

export interface Taken {
  readonly spec: Spec;
  /** To be called when the container was created, or could not be: what the runtime compiled is kept. */
  readonly learn: (id: string) => Promise<void>;
}

export function openFilters(runtime: Pick<Runtime, "name" | "filterOf">): Filters {
  const known = new Map<string, Promise<string | undefined>>();
  return {
    take: async (spec) => {
      const profile = (spec.linux as { seccomp?: unknown } | undefined)?.seccomp;
      if (runtime.name !== "crun" || profile === undefined) return { spec, learn: async () => {} };
      const key = createHash("sha256").update(JSON.stringify(profile)).digest("hex");
      const data = await known.get(key);
      if (data !== undefined) {
        // The profile stays where it is: a runtime that does not know the annotation compiles it.
        const annotations = { ...(spec.annotations as Spec), "run.oci.seccomp_bpf_data": data };
        return { spec: { ...spec, annotations }, learn: async () => {} };
      }
      let settle = (_: string | undefined) => {};
      known.set(key, new Promise((resolve) => (settle = resolve)));
      return {
        spec,
        learn: async (id) => {
          const filter = await runtime.filterOf(id);
          if (filter === undefined || filter.length === 0) known.delete(key);
          settle(filter?.length === 0 ? undefined : filter?.toString("base64"));
        },
      };
    },
  };
}
