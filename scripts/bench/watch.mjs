/** What watching takes: from a saved file to its being in the container, and of the processor while nothing changes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { request } from "./image.mjs";
import { image } from "./projects.mjs";

const compose = `services:
  web:
    image: ${image}
    command: ["/bin/sh", "-c", "trap 'exit 0' TERM; sleep 1000000 & wait"]
    develop: { watch: [{ action: sync, path: src, target: /app }] }
`;
const manyFiles = 1000;
/** Seconds without a change while the processor's time is counted. */
const idleTime = 5;

/**
 * Watches with one tool: milliseconds until one saved file is there, until 1,000 are, each run's; and of the processor in
 * 5 s without a change. The container's files are looked at through /proc, so this needs root and an engine on this machine.
 *
 * @param tool `{ name, command, first, env, host }`: the program with its first arguments, and the engine that it works on
 * @param project makes the folder: (name, compose file) => path
 */
export async function measureWatch({ name, command, first, env, host }, project, runs) {
  const cwd = project(`watch-${name}`, compose);
  mkdirSync(path.join(cwd, "src"), { recursive: true });
  writeFileSync(path.join(cwd, "src/saved"), "before");
  const container = `bench-watch-${name}-${process.pid}`;
  const watching = spawn(command, [...first, "-p", container, "watch"], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    await said(watching, "Watch enabled");
    const { State } = JSON.parse(await request(host, "GET", `/containers/${container}-web-1/json`));
    const inside = `/proc/${State.Pid}/root/app`;
    const one = [];
    const many = [];
    for (let run = 0; run <= runs; run++) {
      const took = await timeUntil(
        () => writeFileSync(path.join(cwd, "src/saved"), `saved ${run}`),
        () => textOf(path.join(inside, "saved")) === `saved ${run}`,
      );
      // The first one makes the folder.
      if (run > 0) one.push(took);
      await pause(50);
    }
    for (let run = 0; run < runs; run++) {
      const took = await timeUntil(
        () => writeMany(path.join(cwd, `src/many${run}`), `text ${run}`),
        () => hasMany(path.join(inside, `many${run}`), `text ${run}`),
      );
      many.push(took);
      await pause(200);
    }
    // V8 tidies up for some seconds after a burst.
    await pause(8000);
    const before = processorTime(watching.pid);
    await pause(idleTime * 1000);
    return { one, many, idle: processorTime(watching.pid) - before };
  } finally {
    watching.kill("SIGINT");
    await once(watching, "exit");
    await request(host, "DELETE", `/containers/${container}-web-1?force=1`);
    await request(host, "DELETE", `/networks/${container}_default`);
  }
}

async function said(child, words) {
  let text = "";
  const { promise, resolve, reject } = Promise.withResolvers();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      text += data;
      if (text.includes(words)) resolve();
    });
  }
  child.once("exit", () => reject(new Error(`ended before it said ${words}: ${text}`)));
  await promise;
}

async function timeUntil(act, isThere) {
  const start = performance.now();
  act();
  while (!isThere()) {
    if (performance.now() - start > 60_000) throw new Error("what was saved did not come within a minute");
    await pause(1);
  }
  return performance.now() - start;
}

function writeMany(folder, text) {
  mkdirSync(folder);
  for (let i = 0; i < manyFiles; i++) writeFileSync(path.join(folder, `f${i}`), text);
}

function hasMany(folder, text) {
  let names = [];
  try {
    names = readdirSync(folder);
  } catch {
    return false;
  }
  // A file may be replaced, and be gone for an instant, between two looks.
  const sizeOf = (name) => statSync(path.join(folder, name), { throwIfNoEntry: false })?.size;
  return names.length === manyFiles && names.every((name) => sizeOf(name) === text.length);
}

function textOf(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Milliseconds that a process, its threads and its children have run. */
function processorTime(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  const own = threads.map((id) => Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, "utf8").split(" ")[0]));
  const children = threads.flatMap((id) =>
    readFileSync(`/proc/${pid}/task/${id}/children`, "utf8").split(" ").filter(Boolean),
  );
  return own.reduce((sum, time) => sum + time, 0) / 1e6 + children.reduce((sum, id) => sum + processorTime(id), 0);
}
