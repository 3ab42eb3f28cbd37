/** API versions: `1.41`. Only the minor number ever moved. */

import { EngineError } from "../errors.ts";

/** The newest version that the contract (api.ts) describes, and the oldest that has everything it needs. */
export const newestApi = "1.51";
export const oldestApi = "1.24";

/** Negative, zero or positive as `a` is older than, the same as or newer than `b`. */
export function compareApi(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split(".").map(Number);
  const [bMajor = 0, bMinor = 0] = b.split(".").map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}

/**
 * The version to speak with an engine that offers `offered` (its header `Api-Version`; an engine without one is from
 * before 1.25). Throws EngineError where the engine is too old.
 */
export function agreeOnApi(offered: string | undefined, url: string): string {
  const theirs = offered ?? oldestApi;
  if (!/^\d+\.\d+$/.test(theirs)) {
    throw new EngineError(`the engine at ${url} names its API version "${theirs}", which is none`);
  }
  if (compareApi(theirs, oldestApi) < 0) {
    throw new EngineError(`the engine at ${url} speaks API ${theirs}, which is too old: ${oldestApi} is needed`, {
      hint: "upgrade the engine",
    });
  }
  return compareApi(theirs, newestApi) < 0 ? theirs : newestApi;
}
