/** The call for what a container uses. */

import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { ContainerStats, Engine } from "../../api.ts";
import type { Container } from "../registry.ts";
import { type Room, timestamp } from "../room.ts";
import { cgroupPath } from "../spec/spec.ts";
import { isRunning, never } from "../state.ts";
import { parseNetDev, parseVersion1, parseVersion2, type Sample } from "./parse.ts";

/** Milliseconds between samples. */
const interval = 1000;

export function answerStats(room: Room): Pick<Engine, "containerStats"> {
  return {
    containerStats: async ({ id, stream = true, "one-shot": oneShot = false }, { signal } = {}) => {
      const container = room.registry.find(id);
      return samples(room, container, { stream, oneShot: !stream && oneShot, signal });
    },
  };
}

interface SampleOptions {
  readonly stream: boolean;
  readonly oneShot: boolean;
  readonly signal: AbortSignal | undefined;
}

async function* samples(
  room: Room,
  container: Container,
  { stream, oneShot, signal }: SampleOptions,
): AsyncGenerator<ContainerStats, void, undefined> {
  let before: ContainerStats | undefined;
  for (;;) {
    const now = await takeSample(room, container, before);
    // A single sample is compared with one of a second before, unless that is not asked for.
    const isFirst = before === undefined;
    before = now;
    if (stream || oneShot || !isFirst || !isRunning(container.record.state)) {
      yield now;
      if (!stream) return;
    }
    await pause(signal);
    if (signal?.aborted) return;
    if (room.registry.get(container.id) === undefined) return;
  }
}

async function takeSample(
  room: Room,
  container: Container,
  before: ContainerStats | undefined,
): Promise<ContainerStats> {
  const { id, name, state, hostConfig } = container.record;
  const empty = {
    cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
    throttling_data: noThrottling,
  };
  const named = { id, name: `/${name}`, preread: before?.read ?? never, precpu_stats: before?.cpu_stats ?? empty };
  if (!isRunning(state)) {
    return { ...named, read: never, cpu_stats: empty, memory_stats: {}, pids_stats: {}, blkio_stats: noBlocks };
  }
  const pid = state.run?.process?.pid;
  const [sample, networks] = await Promise.all([
    readGroups(room, cgroupPath(id, hostConfig)),
    pid === undefined ? {} : readFile(`/proc/${pid}/net/dev`, "utf8").then(parseNetDev, () => ({})),
  ]);
  const isOwn = !["host", "none"].includes(hostConfig.NetworkMode ?? "") && state.run?.sandbox !== undefined;
  return { ...named, read: timestamp(), ...sample, ...(isOwn && { networks }) };
}

const noThrottling = { periods: 0, throttled_periods: 0, throttled_time: 0 };
const noBlocks = { io_service_bytes_recursive: null };

/** Files of version 1 by the controller that has them. */
const version1: readonly [controller: string, files: readonly string[]][] = [
  ["cpuacct", ["cpuacct.usage", "cpuacct.usage_percpu", "cpuacct.stat"]],
  ["cpu", ["cpu.stat"]],
  ["memory", ["memory.usage_in_bytes", "memory.max_usage_in_bytes", "memory.limit_in_bytes", "memory.stat"]],
  ["pids", ["pids.current", "pids.max"]],
  ["blkio", ["blkio.throttle.io_service_bytes_recursive"]],
];
const version2 = ["cpu.stat", "memory.current", "memory.max", "memory.stat", "pids.current", "pids.max", "io.stat"];

async function readGroups({ host: { cgroups, cpus } }: Room, group: string): Promise<Sample> {
  const { layout, roots } = cgroups;
  const files =
    layout === "v2"
      ? version2.map((file) => [file, roots[0]] as const)
      : version1.flatMap(([controller, names]) => {
          const root = roots.find((candidate) => path.basename(candidate).split(",").includes(controller));
          return names.map((file) => [file, root] as const);
        });
  const [stat, ...texts] = await Promise.all([
    readText("/proc/stat"),
    ...files.map(
      async ([file, root]) => [file, root === undefined ? "" : await readText(path.join(root, group, file))] as const,
    ),
  ]);
  const machine = { memory: os.totalmem(), cpus, stat };
  return layout === "v2" ? parseVersion2(new Map(texts), machine) : parseVersion1(new Map(texts), machine);
}

const readText = (file: string) => readFile(file, "utf8").catch(() => "");

function pause(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, interval);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
