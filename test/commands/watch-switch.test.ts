import { once } from "node:events";
import { expect, it } from "vitest";
import { openWatchSwitch } from "../../src/commands/watch-switch.ts";

/** Watching that lasts until its signal, or fails at once. */
function aSwitch(failure?: Error) {
  const ending = new AbortController();
  const told: (boolean | Error)[] = [];
  const watching = openWatchSwitch({
    run: async (signal) => {
      if (failure !== undefined) throw failure;
      if (!signal.aborted) await once(signal, "abort");
    },
    signal: ending.signal,
    onChange: (isOn, error) => told.push(error instanceof Error ? error : isOn),
  });
  return { watching, told, ending };
}

it("turns watching on and off again, as often as one likes", async () => {
  const { watching, told } = aSwitch();
  watching.toggle();
  watching.toggle();
  await watching.off();
  watching.toggle();
  await watching.off();
  expect(told).toEqual([true, false, true, false]);
});

it("is off when watching fails, says why, and can be turned on again", async () => {
  const failure = new Error("no rules");
  const { watching, told } = aSwitch(failure);
  watching.toggle();
  await watching.off();
  watching.toggle();
  await watching.off();
  expect(told).toEqual([true, failure, true, failure]);
});

it("stays off once all is over", async () => {
  const { watching, told, ending } = aSwitch();
  ending.abort();
  watching.toggle();
  await watching.off();
  expect(told).toEqual([]);
});
