import { readFileSync } from "node:fs";
import { describe } from "vitest";
import type { ContainerConfig, ContainerCreateBody } from "../../../src/engine/api.ts";
import { checkConfig } from "../../../src/engine/containers/create/check.ts";
import { checkHostConfig } from "../../../src/engine/containers/create/check-host.ts";
import { fillHostConfig } from "../../../src/engine/containers/create/host-config.ts";
import { mergeConfig } from "../../../src/engine/containers/create/merge.ts";
import { planMounts } from "../../../src/engine/containers/create/mounts.ts";
import { allCapabilities } from "../../../src/engine/containers/spec/capabilities.ts";
import { ownMount } from "../../../src/engine/containers/spec/mounts.ts";
import type { SeccompProfile } from "../../../src/engine/containers/spec/seccomp.ts";
import { containerSpec } from "../../../src/engine/containers/spec/spec.ts";
import { resolveUser } from "../../../src/engine/containers/spec/user.ts";
import { EngineError } from "../../../src/errors.ts";
import { goldenCases } from "../../reconcile/golden.ts";

/**
 * From a create call to config.json. A case has the call's body (`create`), maybe the image's `config`, and what of the
 * outcome it is about (`show`: paths, a line each); then follows what that is, or why the call is refused.
 */
describe("a created container's config.json", () => {
  goldenCases(new URL("specs/", import.meta.url), ["config.json", "refused"], golden);
});

function golden(given: ReadonlyMap<string, string>): string {
  try {
    const body: ContainerCreateBody = JSON.parse(given.get("create") ?? "{}");
    const spec = specOf(body, JSON.parse(given.get("config") ?? '{"Cmd":["sh"]}'));
    const paths = (given.get("show") ?? "").trim().split("\n");
    return `-- config.json --\n${paths.map((path) => `${path}: ${show(valueAt(spec, path))}\n`).join("")}`;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return `-- refused --\n${error.status} ${error.message}\n`;
  }
}

function specOf({ HostConfig = {}, NetworkingConfig: _, ...own }: ContainerCreateBody, image: ContainerConfig) {
  const config = mergeConfig(own, image);
  const hostConfig = fillHostConfig(HostConfig, "crun");
  checkConfig(config, hostConfig);
  checkHostConfig(hostConfig, { cpus: 2, arch: "amd64" });
  const id = "c".repeat(64);
  const plans = planMounts(config, hostConfig, () => []);
  return containerSpec({
    id,
    config,
    hostConfig,
    hostname: config.Hostname || id.slice(0, 12),
    rootfs: "/rootfs",
    files: { hostname: "/files/hostname", hosts: "/files/hosts", resolvConf: "/files/resolv.conf" },
    mounts: plans.map((plan) => ownMount(plan, plan.source ?? `/volumes/${plan.name ?? "anonymous"}`)),
    shm: { size: hostConfig.ShmSize ?? 0 },
    init: hostConfig.Init === true ? "/usr/bin/tini-static" : undefined,
    user: resolveUser(config.User ?? "", passwd, group, hostConfig.GroupAdd ?? []),
    namespaces: {
      pid: hostConfig.PidMode === "host" ? "host" : "new",
      network: "new",
      ipc: "new",
      uts: "new",
      cgroup: "new",
    },
    devices: [],
    blockDevices: new Map(),
    seccomp: profile,
    host: { arch: "amd64", kernel: "6.18.44", cgroups: true, mostFiles: 1_048_576, capabilities: allCapabilities },
  });
}

const passwd = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n";
const group = "root:x:0:\napp:x:1001:\nextra:x:2000:app\naudio:x:29:\n";
const profile: SeccompProfile = JSON.parse(readFileSync(new URL("specs/seccomp.json", import.meta.url), "utf8"));

function valueAt(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((part, key) => new Map(Object.entries(part ?? {})).get(key), value);
}

/** Lists of things that are more than words stand a line each. */
function show(value: unknown): string {
  if (!Array.isArray(value) || value.every((item) => typeof item !== "object"))
    return JSON.stringify(value) ?? "(nothing)";
  return value.map((item) => `\n  ${JSON.stringify(item)}`).join("");
}
