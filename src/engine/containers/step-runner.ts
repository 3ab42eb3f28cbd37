/** Runs the steps of builds: with the defaults of containers, but by the runtime alone; nobody attaches, and nothing restarts. */

import { spawn } from "node:child_process";
import { access, mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import type { HostConfig } from "../api.ts";
import type { BuildStep, StepMount, StepRunner } from "../daemon/rooms.ts";
import { fillHostConfig } from "./create/host-config.ts";
import { type NameFiles, nameFilesIn, wantsSandbox, writeNameFiles } from "./network.ts";
import type { Room } from "./room.ts";
import { makeUpper, overlayMount } from "./rootfs/overlay.ts";
import { removeTree } from "./rootfs/remove-tree.ts";
import { readInside } from "./rootfs/walk.ts";
import { plainEnvironment } from "./runtime/run.ts";
import type { SpecMount } from "./spec/mounts.ts";
import { cgroupPath, containerSpec, renderSpec } from "./spec/spec.ts";
import { resolveUser } from "./spec/user.ts";

/** A file of this name tells the bundle of a step from a container's. */
const mark = "step";
const mostPasswd = 1024 * 1024;

export function stepRunner(room: Room): StepRunner {
  return {
    run: async (step, signal) => {
      const { bundle, rootfs } = room.places.of(step.id);
      const hostConfig = fillHostConfig(step.hostConfig, room.runtime.name);
      await mkdir(rootfs, { recursive: true, mode: 0o700 });
      await writeFile(path.join(bundle, mark), "");
      try {
        await makeUpper({ layers: step.lowers, upper: step.upper, work: step.work });
        const { lowers: layers, upper, work } = step;
        await room.mounter.mount(await overlayMount({ layers, upper, work, target: rootfs }, room.places.links));
        const netns = await openNetwork(room, step, bundle);
        const spec = containerSpec({
          id: step.id,
          config: step.config,
          hostConfig,
          hostname,
          rootfs,
          files: mountedFiles(bundle),
          mounts: step.mounts.map(specMount),
          shm: { size: hostConfig.ShmSize ?? 0 },
          init: undefined,
          user: resolveUser(
            step.config.User ?? "",
            readInside(rootfs, "/etc/passwd", mostPasswd),
            readInside(rootfs, "/etc/group", mostPasswd),
          ),
          namespaces: { pid: "new", network: netns, ipc: "new", uts: "new", cgroup: "new" },
          devices: [],
          blockDevices: new Map(),
          seccomp: room.host.seccomp,
          host: { ...room.host, cgroups: room.host.cgroups.layout !== "none" },
        });
        await writeFile(path.join(bundle, "config.json"), renderSpec(spec), { mode: 0o600 });
        return await room.runtime.view.within((enter) => runBundle(room, step, enter, signal));
      } finally {
        await takeAway(room, step.id, hostConfig);
      }
    },
  };
}

/** Ends what steps of a killed daemon left running. To be called before the containers are restored. */
export async function endLostSteps(room: Room): Promise<void> {
  const names = await readdir(room.places.bundles);
  await Promise.all(
    names.map(async (id) => {
      const isStep = await access(path.join(room.places.of(id).bundle, mark)).then(
        () => true,
        () => false,
      );
      if (isStep) await takeAway(room, id, {});
    }),
  );
}

/** BuildKit's: a step that writes it down makes the same file every time. */
const hostname = "buildkitsandbox";

/** A step sees the image's own /etc/hostname, if it has one. */
function mountedFiles(bundle: string): Pick<NameFiles, "hosts" | "resolvConf"> {
  const { hosts, resolvConf } = nameFilesIn(bundle);
  return { hosts, resolvConf };
}

async function openNetwork(room: Room, step: BuildStep, bundle: string): Promise<"new" | "host" | { path: string }> {
  const { id, hostConfig } = step;
  if (!wantsSandbox(hostConfig)) {
    await writeNameFiles(hostConfig, bundle);
    return hostConfig.NetworkMode === "host" ? "host" : "new";
  }
  const sandbox = await room.sandboxes.open({
    id,
    name: id.slice(0, 12),
    hostname,
    endpoints: new Map([["bridge", {}]]),
    ports: {},
    extraHosts: hostConfig.ExtraHosts ?? [],
    sysctls: new Map(),
    files: bundle,
  });
  return { path: sandbox.netns };
}

function specMount(mount: StepMount): SpecMount {
  if (mount.type === "tmpfs") {
    const size = mount.size === undefined ? [] : [`size=${mount.size}`];
    return {
      destination: mount.target,
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "nodev", "mode=1777", ...size],
    };
  }
  const access = mount.readOnly ? ["ro"] : [];
  return { destination: mount.target, type: "bind", source: mount.source, options: ["rbind", "rprivate", ...access] };
}

async function runBundle(
  { runtime, places }: Room,
  { id, output }: BuildStep,
  enter: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const { bundle } = places.of(id);
  const [program = "", ...args] = [...enter, ...runtime.command, "run", "--bundle", bundle, id];
  signal.throwIfAborted();
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: plainEnvironment });
  const kill = () => {
    // Before the container is there, its runtime is what has to end.
    runtime.killAll(id).catch(() => child.kill("SIGKILL"));
  };
  signal.addEventListener("abort", kill, { once: true });
  try {
    for (const stream of ["stdout", "stderr"] as const) {
      (child[stream] as Readable).on("data", (data: Buffer) => output({ stream, data }));
    }
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve(code ?? 137));
    });
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

/** Never rejects: what cannot be taken away is said in the log, and tried again when the daemon starts. */
async function takeAway(room: Room, id: string, hostConfig: HostConfig): Promise<void> {
  const { bundle, rootfs } = room.places.of(id);
  const attempt = (what: string, work: Promise<unknown>) =>
    work.catch((error: unknown) => room.ground.log("warn", `cannot ${what}`, { step: id, reason: String(error) }));
  await attempt("delete a step from the runtime", room.runtime.delete(id, cgroupPath(id, hostConfig)));
  if (wantsSandbox(hostConfig)) await attempt("close a step's network", room.sandboxes.close(id));
  await attempt("unmount", room.mounter.unmount(rootfs));
  await attempt("remove its bundle", removeTree(bundle));
}
