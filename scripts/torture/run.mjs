/** The campaign: load, kill, start, check, again and again. */
import { appendFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { startFakeRegistry } from "../../test/engine/registry/fake-registry.ts";
import { openArena } from "./arena.mjs";
import { violations as check } from "./check.mjs";
import { contradiction, openModel } from "./model.mjs";
import { observe, statesOf } from "./observe.mjs";
import { openRandom } from "./random.mjs";
import { openStanding } from "./standing.mjs";
import { drain, pulledLayer, rootTar, work } from "./workload.mjs";

/** Milliseconds that the engine gets, after it answers, to be in order. */
const patience = 5000;

/**
 * @param longest milliseconds of load before a kill, at most
 * @returns `{ violations, kills, acknowledged, probes, slowest, folder }`; `folder`: where everything was
 */
export async function runTorture({ kills, seed, workers, longest, say }) {
  const random = openRandom(seed);
  const arena = openArena();
  const registry = await startFakeRegistry();
  registry.add("1", [await pulledLayer()]);
  const violations = [];
  let round = 0;
  const complain = (number, text) => {
    note(`${number}: ${text}`);
    violations.push({ round, number, text });
    say(`${round}: ${number}: ${text}`);
  };
  const calls = path.join(arena.folder, "calls.log");
  const note = (line) => appendFileSync(calls, `${new Date().toISOString()} ${round} ${line}\n`);
  await arena.start();
  const client = arena.connect();
  await drain(await client.imageImport({ fromSrc: "-", repo: "torture", tag: "base", stream: rootTar() }));
  const model = openModel([`${registry.host}/torture-p`]);
  const standing = await openStanding(client, complain);
  const known = new Set(standing.ids);
  let acknowledged = 0;
  let slowest = 0;
  try {
    for (round = 1; round <= kills; round++) {
      const over = new AbortController();
      const load = work({
        client,
        model,
        random: random.fork(),
        workers,
        signal: over.signal,
        note,
        registry: registry.host,
        complain: (text) => complain("I-40", text),
      });
      await wait(random.whole(0, longest));
      // Nothing new is begun in this instant: what is cut off is what was under way.
      over.abort();
      await arena.end("SIGKILL");
      note("killed");
      acknowledged += await load;
      // The next one is killed while it is still starting, now and then.
      while (random.chance(0.15)) {
        arena.spawn();
        await wait(random.whole(50, 600));
        await arena.end("SIGKILL");
      }
      for (const slot of model.all) slot.restarted();
      slowest = Math.max(slowest, await arena.start());
      note("answers again");
      await settle(arena, client, { model, standing, known, complain });
      if (round % 10 === 0) say(`${round} kills, ${acknowledged} calls, ${violations.length} violations`);
    }
  } finally {
    await standing.close();
    await clearUp(arena, client, complain);
    client.close();
    await registry.stop();
  }
  return { violations, kills, acknowledged, probes: standing.prober.count, slowest, folder: arena.folder };
}

/** Waits until all is in order, or complains of what is not; then the model holds what is. */
async function settle(arena, client, { model, standing, known, complain }) {
  const deadline = performance.now() + patience;
  for (;;) {
    const picture = await observe(client);
    for (const { Id } of picture.containers) known.add(Id);
    const states = statesOf(picture);
    const found = [
      ...check(arena, picture, known),
      ...model.all.flatMap((slot) => {
        const reason = contradiction(slot, states.get(slot.name));
        return reason === undefined ? [] : [["I-01", reason]];
      }),
      ...[...states.keys()].filter((name) => !model.has(name)).map((name) => ["I-01", `${name} belongs to nobody`]),
    ];
    if (found.length > 0 && performance.now() < deadline) {
      await wait(100);
      continue;
    }
    for (const [number, text] of found) complain(number, text);
    for (const slot of model.all) slot.take(states.get(slot.name));
    await standing.check(client, complain);
    return;
  }
}

/** Everything that was made is removed, and then nothing of it is left. */
async function clearUp(arena, client, complain) {
  try {
    const { containers } = await observe(client);
    await Promise.all(containers.map(({ Id: id }) => client.containerRemove({ id, force: true, v: true })));
    await client.networkPrune({});
    await client.volumePrune({ filters: { all: ["true"] } });
    const picture = await observe(client);
    for (const [number, text] of check(arena, picture, new Set(containers.map(({ Id }) => Id)))) complain(number, text);
  } catch (error) {
    complain("I-43", `the end: ${error.message}`);
  }
  await arena.end("SIGTERM");
  arena.release();
}
