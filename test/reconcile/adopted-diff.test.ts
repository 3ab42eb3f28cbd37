import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type {
  ContainerConfig,
  ContainerInspect,
  ContainerSummary,
  NetworkResource,
  VolumeResource,
} from "../../src/engine/api.ts";
import { environmentDiff } from "../../src/reconcile/adopted-config.ts";
import { containerSpec } from "../../src/reconcile/container-body.ts";
import { difference } from "../../src/reconcile/diff.ts";
import { imageReference } from "../../src/reconcile/names.ts";
import { networkDivergence } from "../../src/reconcile/network-body.ts";
import type { ObservedImage } from "../../src/reconcile/plan.ts";
import { recreateReason } from "../../src/reconcile/recreate-reason.ts";
import { volumeDivergence } from "../../src/reconcile/volume-body.ts";
import { projectOf } from "./project.ts";

interface Recording {
  readonly recorded: string;
  readonly apiVersion: string;
  readonly containers: Record<string, { summary: ContainerSummary; inspect: ContainerInspect }>;
  readonly images: Record<string, { Id: string; Config: ContainerConfig }>;
  readonly networks: readonly NetworkResource[];
  readonly volumes: readonly VolumeResource[];
}

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), "utf8");
const compose = fixture("shop.compose.yaml");
const recordings: Recording[] = ["shop-28.5.json", "shop-20.10.json"].map((name) => JSON.parse(fixture(name)));

describe.each(recordings)("a project made by $recorded", (recording) => {
  /** The facts about one container of the recorded project, as if its file now were `text`. */
  function factsOf(name: string, text: string) {
    const project = projectOf(text, new Map([["WORD", "secret"]]));
    const service = project.services.get(name);
    const container = recording.containers[name];
    if (service === undefined || container === undefined) throw new Error(`no service ${name}`);
    const reference = imageReference(project, service);
    const recorded = recording.images[reference];
    const image: ObservedImage | undefined = recorded && {
      id: recorded.Id,
      env: recorded.Config.Env ?? [],
      volumes: Object.keys(recorded.Config.Volumes ?? {}),
      hasHealthcheck: recorded.Config.Healthcheck !== undefined,
      config: recorded.Config,
    };
    const spec = containerSpec({
      project,
      service,
      number: 1,
      image,
      imageReference: reference,
      apiVersion: recording.apiVersion,
      containerOf: (parent) => `container:${recording.containers[parent]?.inspect.Id}`,
      fileDigests: new Map(),
      version: "0.1.0",
    });
    return { service, spec, container, image, networks: recording.networks, recreated: new Set<string>() };
  }

  const changed = (name: string, text: string) => {
    const { spec, container, image } = factsOf(name, text);
    const { recreate, update } = difference(spec, container, image);
    return [...recreate, ...update.map((field) => `${field} (in place)`)].join(", ");
  };

  it.each(["db", "web", "plain", "side"])("is adopted unchanged: %s", (name) => {
    expect(changed(name, compose)).toBe("");
    expect(recreateReason(factsOf(name, compose))).toBeUndefined();
  });

  it.each([
    ["web", 'PORT: "80"', 'PORT: "81"', "environment.PORT"],
    ["web", 'PORT: "80", ', "", "environment.PORT"],
    ["web", "MODE: live", "MODE: image", "environment.MODE"],
    ["web", 'EMPTY: ""', 'EMPTY: "", MORE: "1"', "environment.MORE"],
    ["web", "labels: {com.example.tier: front}", "labels: {com.example.tier: back}", "labels.com.example.tier"],
    ["web", "labels: {com.example.tier: front}", "labels: {}", "labels.com.example.tier"],
    ["web", "127.0.0.1:18080:8080", "18080:8080", "ports"],
    ["web", '"9000", ', "", "expose"],
    ["web", "./src:/app/src:ro", "./src:/app/src", "volumes./app/src"],
    ["web", "data:/data:nocopy", "data:/other", "volumes./data, volumes./other"],
    ["web", "      - /scratch\n", "", "volumes./scratch"],
    ["web", "size: 10m", "size: 20m", "volumes./tmpdir"],
    ["web", "/run:size=5m", "/run:size=6m", "tmpfs./run"],
    ["web", "secrets: [token, ", "secrets: [", "volumes./run/secrets/token"],
    ["web", "token: {file: ./token.txt}", "token: {file: ./other.txt}", "secrets.token"],
    ["web", "target: /etc/app.conf", "target: /etc/a.conf", "configs.app, volumes./etc/app.conf"],
    ["web", "aliases: [www]", "aliases: [api]", "networks.shop_front"],
    ["web", "      back: {}\n", "", "networks.shop_back"],
    ["web", "priority: 10", "priority: -10", "network_mode"],
    ["web", "NET_ADMIN", "CAP_SYS_TIME", "cap_add"],
    ["web", "no-new-privileges:true", "no-new-privileges:false", "security_opt"],
    ["web", '"1024"', '"2048"', "sysctls.net.core.somaxconn"],
    ["web", "hard: 2000", "hard: 3000", "ulimits"],
    ["web", "9.9.9.9", "1.1.1.1", "dns"],
    ["web", "10.0.0.1", "10.0.0.2", "extra_hosts"],
    ["web", "hostname: webhost", "hostname: other", "hostname"],
    ["web", "init: true", "init: false", "init"],
    ["web", "shm_size: 32m", "shm_size: 33m", "shm_size"],
    ["web", "    shm_size: 32m\n", "", "shm_size"],
    ["web", "SIGINT", "SIGQUIT", "stop_signal"],
    ["web", "20s", "21s", "stop_grace_period"],
    ["web", "tty: true", "tty: false", "tty"],
    ["web", "max-size: 1m", "max-size: 2m", "logging"],
    ["web", "mem_limit: 64m", "mem_limit: 128m", "mem_limit (in place)"],
    ["web", "    mem_limit: 64m\n", "", "mem_limit"],
    ["web", "cpus: 0.5", "cpus: 1.5", "cpus (in place)"],
    ["web", "on-failure:3", "always", "restart (in place)"],
    ["web", "build: ./web", "build: ./web\n    command: [sleep 1]", "command"],
    ["web", "build: ./web", "build: ./web\n    entrypoint: [sh]", "command, entrypoint"],
    ["web", "build: ./web", "build: ./web\n    working_dir: /tmp", "working_dir"],
    ["web", "build: ./web", "build: ./web\n    user: root", "user"],
    ["web", "build: ./web", "build: {context: ./other}\n    pull_policy: always", ""],
    ["db", "interval: 5s", "interval: 6s", "healthcheck"],
    ["db", "image: busybox", "image: alpine", "image"],
    ["side", "network_mode: service:db", "network_mode: service:plain", "network_mode"],
    ["side", "pid: service:db", "pid: host", "pid"],
    ["side", "read_only: true", "read_only: false", "read_only"],
  ])("names what changed: %s, %s → %s: %s", (name, before, after, expected) => {
    expect(compose).toContain(before);
    expect(changed(name, compose.replace(before, after))).toBe(expected);
  });

  it("keeps its networks and volumes", () => {
    const project = projectOf(compose);
    for (const network of project.networks.values()) {
      const there = recording.networks.find(({ Name }) => Name === network.name);
      expect(there && networkDivergence(network, there)).toEqual([]);
    }
    for (const volume of project.volumes.values()) {
      const there = recording.volumes.find(({ Name }) => Name === volume.name);
      expect(there && volumeDivergence(volume, there)).toEqual([]);
    }
  });
});

describe("the variables of an adopted container", () => {
  const image = { id: "", env: ["LANG=C", "MODE=image"], volumes: [], hasHealthcheck: false };
  const diff = (wanted: string[], actual: string[]) => [...environmentDiff(wanted, actual, image)];

  it("may be a bare name that docker compose passed for a variable that is set nowhere", () => {
    expect(diff(["A=1"], ["A=1", "FOO", "LANG=C", "MODE=image"])).toEqual([]);
    expect(diff(["LANG"], ["LANG", "MODE=image"])).toEqual([]);
    expect(diff(["LANG"], ["LANG=C", "MODE=image"])).toEqual(["environment.LANG"]);
  });

  it("may be the proxies of the CLI's configuration", () => {
    expect(diff([], ["HTTP_PROXY=http://proxy", "no_proxy=*"])).toEqual([]);
  });
});
