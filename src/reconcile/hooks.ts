import type { Hook, Service } from "../compose/model.ts";
import type { Draft } from "./draft.ts";
import type { ContainerTarget, HookRequest, Subject } from "./plan.ts";

/** Adds a service's hooks of one phase for one container, one behind the other; gives the steps after which all have run. */
export function addHooks(
  steps: Draft,
  phase: HookRequest["phase"],
  service: Service | undefined,
  at: { readonly container: ContainerTarget; readonly subject: Subject; readonly after: readonly number[] },
): readonly number[] {
  let { after } = at;
  for (const hook of service?.[phase] ?? []) {
    after = [steps.add({ ...at, op: "run-hook", hook: hookRequest(phase, hook), why: phase, after })];
  }
  return after;
}

function hookRequest(phase: HookRequest["phase"], hook: Hook): HookRequest {
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
