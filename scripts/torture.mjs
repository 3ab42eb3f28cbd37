#!/usr/bin/env node
/**
 * `npm run torture`: kills a daemon of its own at random moments under a mixed load, starts the next one, and checks after
 * each kill that nothing that was promised is lost and nothing is left behind. The same seed gives the same load and
 * the same moments, as far as the machine lets it.
 *
 *   node scripts/torture.mjs [--kills 200] [--seed 1] [--workers 4] [--longest 1500]
 *
 * Needs root. Exit code 0: no violations. After a violation the folder with the daemon's log and records stays, and is named.
 */
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { runTorture } from "./torture/run.mjs";

const { values: flags } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    workers: { type: "string", default: "4" },
    longest: { type: "string", default: "1500" },
  },
});

const result = await runTorture({
  kills: Number(flags.kills),
  seed: Number(flags.seed),
  workers: Number(flags.workers),
  longest: Number(flags.longest),
  say: (line) => console.log(line),
});
const { violations, kills, acknowledged, probes, slowest, folder } = result;
console.log(
  `${kills} kills, ${acknowledged} acknowledged calls, ${probes} probes of the published port, slowest start ${slowest.toFixed(0)} ms: ${violations.length} violations`,
);
if (violations.length === 0) rmSync(folder, { recursive: true, force: true });
else console.log(`what is left is in ${folder}`);
process.exitCode = violations.length === 0 ? 0 : 1;
