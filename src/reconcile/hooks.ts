import type { Hook } from "../compose/model.ts";
import type { HookRequest } from "./plan.ts";

/** A hook of a service, as it is run in its container. */
export function hookRequest(phase: HookRequest["phase"], hook: Hook): HookRequest {
  const env = [...(hook.environment ?? [])].flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]));
  return {
    phase,
    command: hook.command ?? [],
    env,
    ...(hook.user !== undefined && { user: hook.user }),
    ...(hook.privileged !== undefined && { privileged: hook.privileged }),
    ...(hook.working_dir !== undefined && { working_dir: hook.working_dir }),
  };
}
