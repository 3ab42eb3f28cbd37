import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { buildOrder } from "../../src/reconcile/build-order.ts";
import { containerSpec } from "../../src/reconcile/container-body.ts";
import { networkBody, networkNeeds } from "../../src/reconcile/network-body.ts";
import { volumeBody } from "../../src/reconcile/volume-body.ts";
import { projectOf } from "./project.ts";

const schema = JSON.parse(readFileSync(new URL("../../schemas/compose.schema.json", import.meta.url), "utf8"));

/** The attributes of one of the schema's definitions that is a mapping, or may be one. */
function attributesOf(definition: string): readonly string[] {
  const { properties, oneOf = [] } = schema.$defs[definition];
  const mapping = properties ?? oneOf.find((branch: { properties?: object }) => branch.properties).properties;
  return Object.keys(mapping).sort();
}

/** Attributes of a service that reach its container, or are warned of: an example of each. */
const service: Readonly<Record<string, string>> = {
  annotations: "{a: b}",
  blkio_config: "{weight: 300}",
  cap_add: "[SYS_TIME]",
  cap_drop: "[ALL]",
  cgroup: "host",
  cgroup_parent: "/x",
  command: "[a]",
  configs: "[conf]",
  cpu_count: "2",
  cpu_percent: "50",
  cpu_period: "1000",
  cpu_quota: "1000",
  cpu_rt_period: "1000",
  cpu_rt_runtime: "1000",
  cpu_shares: "10",
  cpus: "0.5",
  cpuset: '"0"',
  container_name: "front",
  credential_spec: "{file: x.json}",
  deploy: "{resources: {limits: {pids: 5}}}",
  device_cgroup_rules: '["c 1:1 r"]',
  devices: '["/dev/null:/dev/x"]',
  dns: "[1.1.1.1]",
  dns_opt: "[ndots:1]",
  dns_search: "[example.com]",
  domainname: "example.com",
  entrypoint: "[a]",
  environment: "{A: b}",
  expose: '["80"]',
  external_links: "[other]",
  extra_hosts: "[a=1.1.1.1]",
  gpus: "all",
  group_add: "[audio]",
  healthcheck: "{test: x}",
  hostname: "h",
  image: "other",
  init: "true",
  ipc: "host",
  isolation: "default",
  labels: "{a: b}",
  links: "[db]",
  logging: "{driver: none}",
  mac_address: '"02:00:00:00:00:01"',
  mem_limit: "64m",
  mem_reservation: "64m",
  mem_swappiness: "10",
  memswap_limit: "64m",
  network_mode: "host",
  networks: "[back]",
  oom_kill_disable: "true",
  oom_score_adj: "100",
  pid: "host",
  pids_limit: "10",
  platform: "linux/arm64",
  ports: '["80:80"]',
  privileged: "true",
  pull_refresh_after: "1h",
  read_only: "true",
  restart: "always",
  runtime: "runsc",
  secrets: "[token]",
  security_opt: "[no-new-privileges]",
  shm_size: "1m",
  stdin_open: "true",
  stop_grace_period: "3s",
  stop_signal: "SIGINT",
  storage_opt: "{size: 1G}",
  sysctls: "{a.b: 1}",
  tmpfs: "[/run]",
  tty: "true",
  ulimits: "{nofile: 10}",
  user: "me",
  userns_mode: "host",
  uts: "host",
  volumes: '["data:/data"]',
  volumes_from: "[db]",
  working_dir: "/w",
};

/** Attributes of a service that are not a container's: who reads them. */
const readElsewhere: Readonly<Record<string, string>> = {
  attach: "up in the foreground",
  build: "the planner of images",
  depends_on: "the planner: order and waits; the label depends_on",
  develop: "watch",
  env_file: "the loader: environment",
  extends: "the loader",
  label_file: "the loader: labels",
  models: "offers: environment",
  post_start: "the planner: hooks",
  pre_start: "the planner: hooks",
  pre_stop: "the planner: hooks",
  profiles: "the loader",
  provider: "the planner of images: asked in the first round",
  pull_policy: "the planner of images",
  scale: "the planner",
  use_api_socket: "offers: a mount and a config",
};

const deploy: Readonly<Record<string, string>> = {
  endpoint_mode: "vip",
  labels: "{a: b}",
  mode: "global",
  placement: "{constraints: [a]}",
  resources: "{reservations: {memory: 1m}}",
  restart_policy: "{condition: any}",
  rollback_config: "{order: stop-first}",
  update_config: "{order: stop-first}",
};

const build: Readonly<Record<string, string>> = {
  additional_contexts: "{base: ../base}",
  args: "{A: b}",
  cache_from: "[x]",
  cache_to: "[x]",
  context: "./there",
  dockerfile: "Other",
  dockerfile_inline: "FROM scratch",
  entitlements: "[network.host]",
  extra_hosts: "[a=1.1.1.1]",
  isolation: "default",
  labels: "{a: b}",
  network: "host",
  no_cache: "true",
  no_cache_filter: "[x]",
  platforms: "[linux/arm64]",
  privileged: "true",
  provenance: "true",
  pull: "true",
  sbom: "true",
  secrets: "[token]",
  shm_size: "1m",
  ssh: "[default]",
  tags: "[x]",
  target: "x",
  ulimits: "{nofile: 10}",
};

const network: Readonly<Record<string, string>> = {
  attachable: "true",
  driver: "macvlan",
  driver_opts: "{a: b}",
  enable_ipv4: "false",
  enable_ipv6: "true",
  internal: "true",
  ipam: "{driver: x}",
  labels: "{a: b}",
  name: "other",
};

const volume: Readonly<Record<string, string>> = {
  driver: "nfs",
  driver_opts: "{a: b}",
  labels: "{a: b}",
  name: "other",
};

/** External resources are not made. */
const neverMade = ["external"];

function serviceOf(attributes: string) {
  const project = projectOf(`
services: {web: {image: nginx, ${attributes}}, db: {image: postgres}}
networks: {back: {}}
volumes: {data: {}}
secrets: {token: {file: ./token}}
configs: {conf: {content: x}}
models: {llm: {model: x}}
`);
  const web = project.services.get("web");
  if (web === undefined) throw new Error("no service web");
  return { project, service: web };
}

/** Everything that is said to the engine or to the user; a service's labels are the planner's own, but for the user's. */
function specOf(attributes: string): string {
  const facts = serviceOf(attributes);
  const { body, files, connect, platform, warnings } = containerSpec({
    ...facts,
    number: 1,
    image: undefined,
    imageReference: facts.service.image ?? "",
    apiVersion: "1.51",
    containerOf: (name) => `container:${name}`,
    fileDigests: new Map([["/srv/shop/token", "1"]]),
    version: "0.1.0",
  });
  const labels = Object.entries(body.Labels ?? {}).filter(
    ([name]) => !/^(com\.docker\.compose|dev\.gantry)\./.test(name),
  );
  return JSON.stringify({ ...body, Labels: labels, files, connect, platform, warnings });
}

describe("every attribute of the schema is honoured, warned of, or somebody else's:", () => {
  it("of a service", () => {
    expect([...Object.keys(service), ...Object.keys(readElsewhere)].sort()).toEqual(attributesOf("service"));
  });

  it.each(Object.entries(service))("%s: %s of a service", (attribute, value) => {
    expect(specOf(attribute === "image" ? "image: other" : `${attribute}: ${value}`)).not.toBe(specOf(""));
  });

  it("of deploy", () => {
    // The planner reads how many replicas there are.
    expect([...Object.keys(deploy), "replicas"].sort()).toEqual(attributesOf("deploy"));
  });

  it.each(Object.entries(deploy))("%s: %s of deploy", (attribute, value) => {
    expect(specOf(`deploy: {${attribute}: ${value}}`)).not.toBe(specOf("deploy: {}"));
  });

  it("of build", () => {
    expect(Object.keys(build).sort()).toEqual(attributesOf("build"));
  });

  it.each(Object.entries(build))("%s: %s of build", (attribute, value) => {
    const orderOf = (attributes: string) => {
      const { project, service: web } = serviceOf(`build: {context: ., ${attributes}}`);
      return JSON.stringify(buildOrder(project, web, { version: "0.1.0" }));
    };
    const context = attribute === "context" ? `context: ${value}` : `context: ., ${attribute}: ${value}`;
    const { project, service: web } = serviceOf(`build: {${context}}`);
    expect(JSON.stringify(buildOrder(project, web, { version: "0.1.0" }))).not.toBe(orderOf(""));
  });

  it("of a network and of a volume", () => {
    expect([...Object.keys(network), ...neverMade].sort()).toEqual(attributesOf("network"));
    expect([...Object.keys(volume), ...neverMade].sort()).toEqual(attributesOf("volume"));
  });

  it.each(Object.entries(network))("%s: %s of a network", (attribute, value) => {
    const bodyOf = (attributes: string) => {
      const project = projectOf(`services: {web: {image: nginx, networks: [back]}}\nnetworks: {back: {${attributes}}}`);
      const back = project.networks.get("back");
      if (back === undefined) throw new Error("no network back");
      const facts = { project, key: "back", network: back, apiVersion: "1.51", version: "0.1.0" };
      const { Labels, ...body } = networkBody(facts);
      return JSON.stringify([body, Labels?.a, networkNeeds(facts)]);
    };
    expect(bodyOf(`${attribute}: ${value}`)).not.toBe(bodyOf(""));
  });

  it.each(Object.entries(volume))("%s: %s of a volume", (attribute, value) => {
    const bodyOf = (attributes: string) => {
      const project = projectOf(`services: {web: {image: nginx}}\nvolumes: {data: {${attributes}}}`);
      const data = project.volumes.get("data");
      if (data === undefined) throw new Error("no volume data");
      const { Labels, ...body } = volumeBody({ project, key: "data", volume: data, version: "0.1.0" });
      return JSON.stringify([body, Labels?.a]);
    };
    expect(bodyOf(`${attribute}: ${value}`)).not.toBe(bodyOf(""));
  });
});
