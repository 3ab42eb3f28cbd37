#!/usr/bin/env node
/**
 * `npm run bench`: what gantry takes beside docker compose, on the same engine in the same run. Medians of whole
 * processes in milliseconds, the two tools taking turns; only the ratios are comparable between machines.
 *
 *   node scripts/bench.mjs [--runs 7] [--services 1,10,50] [--only WORD] [--embedded] [--write]
 *
 * Needs an engine (DOCKER_HOST, else /var/run/docker.sock) and /bin/busybox (Debian's busybox-static): its image is made
 * here, nothing is pulled. docker compose is measured where `docker compose version` answers. --write puts the table
 * into docs/benchmarks.md. With --embedded (as root) gantry works on a daemon of its own, docker compose on the engine; then pull
 * and push are measured too, which need docker-registry. GANTRY_BENCH_ENTER: the command that enters the engine's network
 * namespace (nsenter --net=FILE), where it has one.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startInTurn } from "./bench/bare-chain.mjs";
import { builds } from "./bench/builds.mjs";
import { makeImage, request } from "./bench/image.mjs";
import { healthChain, plainServices, richServices, talkingServices } from "./bench/projects.mjs";
import { formatRow, heading, writeReport } from "./bench/report.mjs";
import { measureWatch } from "./bench/watch.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { values: flags } = parseArgs({
  options: {
    runs: { type: "string", default: "7" },
    services: { type: "string", default: "1,10,50" },
    only: { type: "string", default: "" },
    embedded: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const runs = Number(flags.runs);
const sizes = flags.services.split(",").map(Number);
const host = process.env.DOCKER_HOST || "unix:///var/run/docker.sock";
const folder = mkdtempSync(path.join(os.tmpdir(), "gantry-bench-"));
// As a user runs it: the executable names its Node, and V8's flags, in its first line.
const env = { ...process.env, DOCKER_HOST: host, PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` };
const arena = flags.embedded ? (await import("./torture/arena.mjs")).openArena() : undefined;

// Each tool has projects of its own: what the other one made would be taken over, and made anew.
const own = arena === undefined ? env : { ...env, DOCKER_HOST: arena.url };
const gantry = tool("gantry", path.join(root, "bin/gantry"), [], own);
const composeVersion = versionOf("docker", ["compose", "version", "--short"]);
const tools = composeVersion === undefined ? [gantry] : [gantry, tool("compose", "docker", ["compose"])];
const rows = [];

function tool(name, command, first, environment = env) {
  const at = (cwd) => ["-p", `${path.basename(cwd)}-${name}`];
  return {
    name,
    command,
    first,
    env: environment,
    run: (args, cwd = folder) => time(command, [...first, ...at(cwd), ...args], cwd, environment),
    /** The same, ended when it has written a word. */
    runUntil: (word, args, cwd) => {
      const until = path.join(root, "scripts/bench/until.mjs");
      return time(process.execPath, [until, word, command, ...first, ...at(cwd), ...args], cwd, environment);
    },
  };
}

/** One process, whole: its wall time in milliseconds. Fails loudly when the tool fails. */
function time(command, args, cwd = folder, environment = env) {
  const start = process.hrtime.bigint();
  const done = spawnSync(command, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: environment,
    maxBuffer: 1 << 28,
  });
  const took = Number(process.hrtime.bigint() - start) / 1e6;
  if (done.status !== 0) {
    throw new Error(`${command} ${args.join(" ")} exited ${done.status}: ${done.stderr}${done.error ?? ""}`);
  }
  return took;
}

function versionOf(command, args) {
  const done = spawnSync(command, args, { encoding: "utf8", env });
  return done.status === 0 ? done.stdout.trim() : undefined;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** A folder with a compose file. Its name is of this run: dockerd 20.10 may never let go of a network that was busy. */
function project(name, text) {
  const cwd = path.join(folder, `bench${process.pid}-${name}`);
  mkdirSync(cwd, { recursive: true });
  writeFileSync(path.join(cwd, "compose.yaml"), text);
  return cwd;
}

function note(row) {
  rows.push(row);
  console.log(formatRow(row));
}

/**
 * Measures one piece of work for every tool, taking turns; `until`: what it writes last, where it does not end by itself.
 * Not measured: `before` and `after` each run, `first` and `last` of all. The row, where it was asked for.
 */
function measure(work, args, { cwd, until, repeat = runs, first, before, after, last } = {}) {
  if (!work.includes(flags.only)) return undefined;
  const samples = new Map(tools.map((each) => [each, []]));
  try {
    for (const each of tools) first?.(each);
    for (let run = 0; run < repeat; run++) {
      for (const each of run % 2 === 0 ? tools : tools.toReversed()) {
        before?.(each, run);
        samples.get(each).push(until === undefined ? each.run(args, cwd) : each.runUntil(until, args, cwd));
        after?.(each);
      }
    }
  } finally {
    for (const each of tools) last?.(each);
  }
  const [ours, theirs] = tools.map((each) => median(samples.get(each)));
  const row = { work, ours, theirs };
  note(row);
  return row;
}

function startUp() {
  const work = "`version` beside an empty node program";
  if (!work.includes(flags.only)) return;
  const node = [];
  const own = [];
  for (let run = 0; run < Math.max(runs, 15); run++) {
    node.push(time(process.execPath, ["-e", "0"]));
    own.push(gantry.run(["version", "--short"]));
  }
  note({ work, ours: median(own), theirs: median(node) });
}

/** The peak of gantry's memory, as the kernel counts it. */
function memory(work, args, cwd) {
  if (!work.includes(flags.only)) return;
  const file = path.join(folder, "peak");
  const program = `process.on("exit",()=>require("node:fs").writeFileSync(${JSON.stringify(file)},String(process.resourceUsage().maxRSS)))`;
  const preload = path.join(folder, "peak.cjs");
  writeFileSync(preload, program);
  time(path.join(root, "bin/gantry"), args, cwd, { ...env, NODE_OPTIONS: `--require ${preload}` });
  note({ work, ours: Number(readFileSync(file, "utf8")) / 1024, theirs: undefined });
}

function stacks() {
  for (const size of sizes) {
    const cwd = project(`up${size}`, plainServices(size));
    const plural = size === 1 ? "service" : "services";
    const few = size >= 50 ? Math.min(runs, 5) : runs;
    const up = (each) => each.run(["up", "-d"], cwd);
    const down = (each) => each.run(["down", "-t", "0"], cwd);
    const standing = { cwd, first: up, last: down };
    measure(`\`up -d\`, ${size} ${plural}`, ["up", "-d"], { cwd, after: down, repeat: few });
    measure(`no-op \`up -d\`, ${size} ${plural}`, ["up", "-d"], standing);
    measure(`\`ps\`, ${size} ${plural}`, ["ps"], standing);
    if (size >= 50) {
      const change = (_, run) => project(`up${size}`, plainServices(size, `-${run + 1}`));
      measure(`\`up -d\`, one of ${size} changed`, ["up", "-d"], { ...standing, before: change, repeat: few });
      measure(`\`restart -t 0\`, ${size} services`, ["restart", "-t", "0"], { ...standing, repeat: Math.min(runs, 3) });
    }
    measure(`\`down -t 0\`, ${size} ${plural}`, ["down", "-t", "0"], { cwd, before: up, repeat: few });
  }
}

async function healthChains(engine) {
  const repeat = Math.min(runs, 5);
  const chain = (work, name, timing) => {
    const cwd = project(name, healthChain(5, timing));
    const after = (each) => each.run(["down", "-t", "0"], cwd);
    return { cwd, row: measure(work, ["up", "-d"], { cwd, after, repeat }) };
  };
  chain("chain of five `service_healthy`, interval 1 s", "chain1s", ["interval: 1s", "retries: 30"]);
  if (Number(engine.ApiVersion.split(".")[1]) < 44) return;
  const timing = ["interval: 30s", "start_period: 30s", "start_interval: 100ms"];
  const { cwd, row } = chain("chain of five `service_healthy`, start_interval 100 ms", "chain100ms", timing);
  if (row === undefined || arena !== undefined) return;
  const names = [1, 2, 3, 4, 5].map((number) => `${path.basename(cwd)}-gantry-s${number}-1`);
  const bare = [];
  for (let run = 0; run < repeat; run++) {
    gantry.run(["create"], cwd);
    bare.push(await startInTurn(host, names));
    gantry.run(["down", "-t", "0"], cwd);
  }
  note({ work: "its starts and first checks alone, by bare calls", ours: median(bare), theirs: row.theirs });
}

function logs() {
  const few = project("lines", talkingServices(10, 10_000));
  const many = project("million", talkingServices(1, 1_000_000));
  const around = (cwd) => ({
    cwd,
    first: (each) => each.run(["up", "-d"], cwd),
    last: (each) => each.run(["down", "-t", "0"], cwd),
  });
  measure("`logs`, 10 services of 10,000 lines", ["logs"], around(few));
  const long = { ...around(many), until: " 1000000\n", repeat: Math.min(runs, 3) };
  measure("`logs -f` until the last of 1,000,000 lines", ["logs", "-f"], long);
}

async function watching() {
  const runs = 20;
  const works = {
    one: "`watch`: until a saved file is in the container",
    many: "`watch`: until 1,000 files written at once are",
    idle: "`watch`: processor time in 5 s without a change",
  };
  if (!Object.values(works).some((work) => work.includes(flags.only))) return;
  const results = [];
  for (const each of tools) {
    results.push(await measureWatch({ ...each, host: each.env.DOCKER_HOST }, project, runs));
  }
  const [ours, theirs] = results;
  note({ work: works.one, ours: median(ours.one), theirs: theirs && median(theirs.one) });
  note({ work: works.many, ours: median(ours.many), theirs: theirs && median(theirs.many) });
  note({ work: works.idle, ours: ours.idle, theirs: theirs?.idle || undefined });
}

/** What the embedded engine's daemon takes while 50 containers run, and each of their monitors: PSS, in MB. */
async function daemonMemory() {
  const work = "memory of the daemon with 50 containers (MB)";
  if (arena === undefined || !work.includes(flags.only)) return;
  const { monitorsOf, weigh } = await import("./torture/kernel.mjs");
  const cwd = project("up50", plainServices(50));
  gantry.run(["up", "-d"], cwd);
  const monitors = monitorsOf(arena).map(({ pid }) => weigh(pid).share);
  note({ work, ours: weigh(arena.pid).memory, theirs: undefined });
  note({ work: "memory of each container's monitor (MB)", ours: median(monitors), theirs: undefined });
  gantry.run(["down", "-t", "0"], cwd);
}

/** Our daemon and the other engine, by nothing but their calls. */
async function registries() {
  const works = ["pull of 5 layers of 100 MB", "push of 5 layers of 100 MB"];
  if (arena === undefined || !works.some((work) => work.includes(flags.only))) return;
  const { measureRegistry } = await import("./bench/registry.mjs");
  const enter = process.env.GANTRY_BENCH_ENTER?.split(" ");
  const engines = [
    { name: "ours", host: arena.url },
    { name: "theirs", host, enter },
  ];
  const samples = await measureRegistry(engines, folder, Math.min(runs, 5));
  for (const [i, call] of ["pull", "push"].entries()) {
    const [ours, theirs] = ["ours", "theirs"].map((name) => median(samples.get(name)[call]));
    note({ work: works[i], ours, theirs });
  }
}

async function main() {
  await makeImage(host, folder);
  await arena?.start();
  if (arena !== undefined) await makeImage(arena.url, folder);
  const engine = JSON.parse(await request(host, "GET", "/version"));
  const large = project("config100", richServices(100));
  console.log(heading);
  startUp();
  measure("`version`", ["version"]);
  measure("`config`, 3 services", ["config"], { cwd: project("config3", richServices(3)) });
  measure("`config -q`, 100 services", ["config", "-q"], { cwd: large });
  memory("memory of `config -q`, 100 services (MB)", ["config", "-q"], large);
  stacks();
  await daemonMemory();
  await healthChains(engine);
  logs();
  await watching();
  builds({ project, measure, runs });
  await registries();
  if (!flags.write) return;
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const about = { gantry: version, compose: composeVersion, engine, runs, embedded: flags.embedded };
  writeReport(path.join(root, "docs/benchmarks.md"), rows, about);
}

try {
  await main();
} finally {
  if (arena?.pid !== undefined) {
    await arena.end("SIGTERM");
    arena.release();
    rmSync(arena.folder, { recursive: true, force: true });
  }
  rmSync(folder, { recursive: true, force: true });
}
