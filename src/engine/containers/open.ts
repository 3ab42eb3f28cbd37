/** Opens this room: what the host can do is found out, the containers are read, and the calls are put together. */

import { mkdir, readFile } from "node:fs/promises";
import os from "node:os";
import type { StepRunner, Uses } from "../daemon/rooms.ts";
import { watchEndings } from "./ended.ts";
import { type ExecCalls, openExecs } from "./exec/exec.ts";
import { answerArchive } from "./files/archive.ts";
import { answerChanges } from "./files/changes.ts";
import { answerCommit } from "./files/commit.ts";
import { watchHealth } from "./health/watch.ts";
import { openLifecycle } from "./lifecycle.ts";
import { openLooks } from "./list.ts";
import { openMembership } from "./membership.ts";
import { placesIn } from "./places.ts";
import { openRegistry } from "./registry.ts";
import { restoreContainers } from "./restore.ts";
import type { ContainerParts, HostFacts, Room } from "./room.ts";
import { makeInitLayer } from "./rootfs/init-layer.ts";
import { findCgroups } from "./runtime/cgroups.ts";
import { openExits } from "./runtime/exits.ts";
import { openFilters } from "./runtime/filters.ts";
import { openMounter } from "./runtime/mount.ts";
import { findFile, type Probe, probeRuntime } from "./runtime/probe.ts";
import { openRuntime } from "./runtime/runtime.ts";
import { readMountTable, shareFolder } from "./runtime/view.ts";
import { parseCapabilities } from "./spec/capabilities.ts";
import type { SeccompProfile } from "./spec/seccomp.ts";
import { isRunning } from "./state.ts";
import { answerStats } from "./stats/stats.ts";
import { endLostSteps, stepRunner } from "./step-runner.ts";
import { answerAttach } from "./streams/attach.ts";
import { answerLogs } from "./streams/logs.ts";
import { answerTop } from "./top.ts";
import { usesOf } from "./uses.ts";

export interface Containers {
  readonly calls: ReturnType<typeof openLifecycle> &
    ReturnType<typeof openLooks> &
    ReturnType<typeof openMembership> &
    ReturnType<typeof openStreams> &
    ExecCalls;
  readonly uses: Uses;
  /** What builds run their steps with. */
  readonly steps: StepRunner;
  /** What holds the containers, for `info` and `doctor`. */
  readonly probe: Probe;
  readonly room: Room;
  /**
   * Once, when all rooms are open: what runs is adopted, what has ended is taken note of, what was half done is finished or
   * undone, and what should run is started.
   */
  restore(): Promise<void>;
  /** The daemon ends; the containers go on. */
  close(): void;
}

/** Rejects where no OCI runtime or no conmon works here, with what to do. */
export async function openContainers(parts: ContainerParts): Promise<Containers> {
  const { ground } = parts;
  const places = placesIn(ground);
  // Before the view is made: what is mounted below this, also by other rooms, has to reach it.
  await shareFolder(ground.execRoot, "shared");
  await mkdir(places.bundles, { recursive: true, mode: 0o700 });
  await makeInitLayer(places.init);
  const [probe, registry, mounter] = await Promise.all([
    probeRuntime(places.runtime),
    openRegistry(ground, places.records),
    openMounter(places.runtime),
  ]);
  ground.log("info", probe.why, { version: probe.version, path: probe.path });
  for (const warning of probe.warnings) ground.log("warn", warning);
  const host = await learnOfHost();
  const runtime = openRuntime({
    name: probe.name,
    command: [probe.path, ...(probe.name === "crun" ? ["--cgroup-manager=cgroupfs"] : [])],
    state: places.state,
    cgroups: host.cgroups,
    conmon: probe.conmon.path,
    view: probe.view,
    exits: places.exits,
  });
  let noticed = (_: string) => {};
  const exits = await openExits(places.exits, (id) => noticed(id));
  const filters = openFilters(runtime);
  const room: Room = { ...parts, places, registry, runtime, filters, mounter, exits, host };
  const execs = openExecs(room);
  const health = watchHealth(room);
  const endings = watchEndings(room, health.begin);
  noticed = endings.noticed;
  let adopted = { close: () => {} };
  return {
    calls: {
      ...openLifecycle(room, endings),
      ...openLooks(room, execs.of),
      ...openMembership(room),
      ...openStreams(room),
      ...execs.calls,
    },
    uses: usesOf(registry),
    steps: stepRunner(room),
    probe,
    room,
    restore: async () => {
      await endLostSteps(room);
      adopted = await restoreContainers(room, endings);
      for (const container of registry.all()) if (isRunning(container.record.state)) health.begin(container);
    },
    close: () => {
      endings.close();
      adopted.close();
      health.close();
      exits.close();
    },
  };
}

/** The calls that show what containers write, use and hold. */
function openStreams(room: Room) {
  return {
    ...answerLogs(room),
    ...answerAttach(room),
    ...answerStats(room),
    ...answerTop(room),
    ...answerArchive(room),
    ...answerChanges(room),
    ...answerCommit(room),
  };
}

async function learnOfHost(): Promise<HostFacts> {
  const architectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" };
  const [table, limits, status, seccomp, init] = await Promise.all([
    readMountTable(),
    readFile("/proc/self/limits", "utf8"),
    readFile("/proc/self/status", "utf8"),
    readProfile(),
    findFile(["/usr/bin/tini-static", "/usr/bin/docker-init", "/usr/bin/catatonit", "/usr/libexec/podman/catatonit"]),
  ]);
  return {
    arch: architectures[process.arch] ?? process.arch,
    kernel: os.release(),
    hostname: os.hostname(),
    cpus: os.availableParallelism(),
    mostFiles: Number(/^Max open files +\d+ +(\d+)/m.exec(limits)?.[1] ?? Number.MAX_SAFE_INTEGER),
    capabilities: parseCapabilities(status),
    cgroups: findCgroups(table),
    seccomp,
    init,
  };
}

/** As containers-common installs it (package golang-github-containers-common). */
async function readProfile(): Promise<SeccompProfile | undefined> {
  const file = await findFile(["/etc/containers/seccomp.json", "/usr/share/containers/seccomp.json"]);
  return file === undefined ? undefined : JSON.parse(await readFile(file, "utf8"));
}
