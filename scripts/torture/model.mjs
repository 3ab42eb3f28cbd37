/**
 * What the engine must hold after a kill, by what it has said: a slot for each thing that the load works on. An
 * acknowledged change must be there; one that was cut off happened wholly or not at all.
 */

/** Nothing is there. */
export const absent = { exists: false };

/** All slots, empty. `references`: further images that there may be. */
export function openModel(references) {
  const slots = (prefix, count) => Array.from({ length: count }, (_, i) => openSlot(`${prefix}${i}`));
  const model = {
    containers: slots("torture-c", 8),
    networks: slots("torture-n", 3),
    volumes: slots("torture-v", 3),
    images: [...slots("torture-i", 3), ...references.map(openSlot)],
  };
  const all = Object.values(model).flat();
  return { ...model, all, has: (name) => all.some((slot) => slot.name === name) };
}

/** A slot of the model: `states` are those that are possible now, one unless a change was cut off. */
function openSlot(name) {
  let states = [absent];
  return {
    name,
    get states() {
      return states;
    },
    /** The state, where there is no doubt about it. */
    get known() {
      return states.length === 1 ? states[0] : undefined;
    },
    settle: (state) => {
      states = [state];
    },
    /** A change was cut off: it may have happened, or any of the steps between. */
    doubt: (...more) => {
      states = [...states, ...more];
    },
    /** The daemon was started anew. */
    restarted: () => {
      states = states.map(afterRestart);
    },
    /** There is no doubt any more: this is what there is. */
    take: (actual = absent) => {
      const matching = states.find((state) => differs(state, actual) === undefined) ?? states.at(-1);
      const { finished: _, code: __, error: ___, ...seen } = actual;
      const { plan, endsWith } = matching;
      if (plan === undefined || !actual.exists) states = [seen];
      else if (isBrief(plan))
        states = [{ ...seen, status: undefined, startedAt: undefined, pid: undefined, plan, endsWith }];
      else states = [{ ...seen, plan }];
    },
  };
}

/** It ends by itself: what it is at a moment is not known. */
export const isBrief = ({ code, fails }) => code !== undefined || fails;

/** A daemon that starts also starts what was stopped by a call, where its policy is `always`, as dockerd does. */
function afterRestart(state) {
  const { plan, status } = state;
  if (plan?.policy !== "always" || !plan.started || status !== "stopped") return state;
  return { ...state, status: "running" };
}

/**
 * Why what is there is none of a slot's states, in words; undefined where it is one of them.
 *
 * @param actual as `statesOf` gives it; undefined where nothing is there
 */
export function contradiction(slot, actual = absent) {
  const reasons = slot.states.map((state) => differs(state, actual));
  if (reasons.includes(undefined)) return undefined;
  const { status, code, error, id } = actual;
  const words = status === "stopped" ? ` (exit code ${code} ${error})` : "";
  return `${slot.name} (${id?.slice(0, 12)}): ${[...new Set(reasons)].join("; or ")}${words}`;
}

/** A field that is undefined in the expected state is not known. */
function differs(expected, actual) {
  if (expected.exists !== actual.exists) {
    return expected.exists ? "was acknowledged and is not there" : "was removed or never there, and is there";
  }
  for (const [key, value] of Object.entries(expected)) {
    if (value === undefined || key === "plan" || key === "endsWith") continue;
    if (JSON.stringify(value) !== JSON.stringify(actual[key])) {
      return `${key} is ${JSON.stringify(actual[key])} instead of ${JSON.stringify(value)}`;
    }
  }
  const { endsWith } = expected;
  if (endsWith === undefined || !actual.finished || actual.code === endsWith) return undefined;
  return `its exit code is ${actual.code} instead of ${endsWith}`;
}
