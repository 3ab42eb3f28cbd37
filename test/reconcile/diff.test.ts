import { describe, expect, it } from "vitest";
import type { ContainerInspect, ContainerSummary, HostConfig, MountPoint } from "../../src/engine/api.ts";
import type { ContainerSpec } from "../../src/reconcile/body-facts.ts";
import { containerSpec } from "../../src/reconcile/container-body.ts";
import { describeChange, difference, needsInspect } from "../../src/reconcile/diff.ts";
import type { ObservedContainer } from "../../src/reconcile/plan.ts";
import { recreateReason } from "../../src/reconcile/recreate-reason.ts";
import { projectOf } from "./project.ts";
import { runningState } from "./running-state.ts";

const image = { id: "sha256:111", env: [], volumes: [], hasHealthcheck: false };

/** The service `web` of a file that consists of it. */
function wanted(service: string) {
  const project = projectOf(`services: {web: {image: nginx, ${service}}, db: {image: postgres}}\nvolumes: {data: {}}`);
  const web = project.services.get("web");
  if (web === undefined) throw new Error("no service web");
  const spec = containerSpec({
    project,
    service: web,
    number: 1,
    image,
    imageReference: "nginx",
    apiVersion: "1.51",
    containerOf: () => "container:abc",
    fileDigests: new Map(),
    version: "0.1.0",
  });
  return { service: web, spec };
}

/** A container as the engine shows it that was made from a spec, and whose limits were changed since. */
function made({ body }: ContainerSpec, since: Partial<HostConfig> = {}, mounts: readonly MountPoint[] = []) {
  const Id = "f".repeat(64);
  const endpoints = Object.keys(body.NetworkingConfig?.EndpointsConfig ?? {});
  const Networks = Object.fromEntries(endpoints.map((name) => [name, { NetworkID: `id of ${name}` }]));
  const summary: ContainerSummary = {
    Id,
    Names: ["/shop-web-1"],
    Image: "nginx",
    ImageID: "sha256:111",
    Command: "",
    Created: 0,
    State: "running",
    Status: "Up",
    Ports: [],
    Labels: body.Labels ?? {},
    Mounts: mounts,
    NetworkSettings: { Networks },
  };
  const inspect: ContainerInspect = {
    Id,
    Created: "",
    Path: "",
    Args: [],
    Name: "/shop-web-1",
    Image: "sha256:111",
    RestartCount: 0,
    State: runningState,
    Config: body,
    HostConfig: { ...body.HostConfig, ...since },
    Mounts: mounts,
    NetworkSettings: { Networks },
  };
  return { summary, inspect } satisfies ObservedContainer;
}

describe("a container that gantry made", () => {
  it("differs in nothing while its fields are the same", () => {
    const { spec } = wanted("environment: {A: '1'}");
    const container = made(spec);
    expect(needsInspect(spec, container)).toBe(false);
    expect(difference(spec, { summary: container.summary }, image)).toEqual({ recreate: [], update: [], body: {} });
  });

  it("names the fields that changed, from its label alone", () => {
    const { summary } = made(wanted("environment: {A: '1', B: '1'}, command: ls").spec);
    const { spec } = wanted("environment: {A: '2', C: '1'}");
    expect(needsInspect(spec, { summary })).toBe(true);
    expect(difference(spec, { summary }, image).recreate).toEqual([
      "command",
      "environment.A",
      "environment.B",
      "environment.C",
    ]);
  });

  it("gets another restart policy in place", () => {
    const container = made(wanted("restart: always").spec);
    const { spec } = wanted("restart: on-failure:2");
    expect(difference(spec, container, image)).toEqual({
      recreate: [],
      update: ["restart"],
      body: { RestartPolicy: { Name: "on-failure", MaximumRetryCount: 2 } },
    });
  });

  it("loses its restart policy in place", () => {
    const container = made(wanted("restart: always").spec);
    expect(difference(wanted("").spec, container, image)).toEqual({
      recreate: [],
      update: ["restart"],
      body: { RestartPolicy: { Name: "no", MaximumRetryCount: 0 } },
    });
  });

  it("gets more memory in place, and twice as much swap, as the engine had chosen", () => {
    const container = made(wanted("mem_limit: 64m").spec, { MemorySwap: 128 * 1024 * 1024 });
    expect(difference(wanted("mem_limit: 128m").spec, container, image)).toEqual({
      recreate: [],
      update: ["mem_limit"],
      body: { Memory: 128 * 1024 * 1024, MemorySwap: 256 * 1024 * 1024 },
    });
  });

  it("is replaced when a limit is taken away, because the engine cannot do that in place", () => {
    const container = made(wanted("mem_limit: 64m, restart: always").spec);
    const change = difference(wanted("restart: on-failure").spec, container, image);
    expect(change).toEqual({ recreate: ["mem_limit", "restart"], update: [], body: {} });
  });

  it("is unchanged after an update in place, though its label is older", () => {
    const container = made(wanted("restart: always").spec, { RestartPolicy: { Name: "no", MaximumRetryCount: 0 } });
    expect(difference(wanted("restart: 'no'").spec, container, image)).toEqual({ recreate: [], update: [], body: {} });
  });

  it("gets back in place what an earlier update changed, though its label says so already", () => {
    const { spec } = wanted("restart: always");
    const container = made(spec, { RestartPolicy: { Name: "no", MaximumRetryCount: 0 } });
    expect(needsInspect(spec, container)).toBe(true);
    expect(difference(spec, container, image).update).toEqual(["restart"]);
  });

  it("is unchanged when the engine left out a limit that its kernel cannot keep", () => {
    const { spec } = wanted("memswap_limit: 1g, mem_limit: 1g");
    const container = made(spec, { MemorySwap: -1 });
    expect(difference(spec, container, image)).toEqual({ recreate: [], update: [], body: {} });
  });

  it("is replaced and not updated when other fields changed too", () => {
    const container = made(wanted("restart: always, command: ls").spec);
    const change = difference(wanted("restart: on-failure, command: pwd").spec, container, image);
    expect(change.recreate).toEqual(["command"]);
  });
});

describe("why a container is replaced", () => {
  const networks = [{ Id: "id of shop_default", Name: "shop_default", Driver: "bridge" }];
  const reason = (given: Partial<Parameters<typeof recreateReason>[0]>, service = "") => {
    const { spec, service: web } = wanted(service);
    const facts = { service: web, spec, container: made(spec), image, networks, recreated: new Set<string>() };
    return recreateReason({ ...facts, ...given });
  };

  it("is nothing when all is as wanted", () => {
    expect(reason({})).toBeUndefined();
  });

  it("is the fields that changed", () => {
    const container = made(wanted("environment: {PORT: '1'}").spec);
    expect(reason({ container }, "environment: {PORT: '2'}")).toBe("config changed: environment.PORT");
  });

  it("is another image under the same name", () => {
    expect(reason({ image: { ...image, id: "sha256:222" } })).toBe("image changed");
  });

  it("is not the image when docker compose's label has its id", () => {
    const { spec } = wanted("");
    const { summary } = made(spec);
    expect(reason({ container: { summary: { ...summary, ImageID: "sha256:index" } } })).toBeUndefined();
  });

  it("is a network that was made anew", () => {
    expect(reason({ networks: [{ Id: "new", Name: "shop_default", Driver: "bridge" }] })).toBe(
      "not attached to shop_default",
    );
    expect(reason({ networks: [] })).toBe("not attached to shop_default");
  });

  it("is no network while the container was never started", () => {
    const { summary } = made(wanted("").spec);
    const created = { ...summary, State: "created" as const, NetworkSettings: { Networks: { shop_default: {} } } };
    expect(reason({ container: { summary: created }, networks: [] })).toBeUndefined();
  });

  it("is a volume that is not mounted", () => {
    const point = { Type: "volume", Name: "shop_data", Source: "/x", Destination: "/data", RW: true };
    const service = "volumes: ['data:/data']";
    expect(reason({}, service)).toBe("volume shop_data is not mounted at /data");
    expect(reason({ container: made(wanted(service).spec, {}, [point]) }, service)).toBeUndefined();
  });

  it("is the container whose namespace it shares", () => {
    const recreated = new Set(["db"]);
    expect(reason({ recreated }, "network_mode: 'service:db'")).toBe('"db" is recreated');
    expect(reason({ recreated }, "volumes_from: [db]")).toBe('"db" is recreated');
    expect(reason({ recreated }, "depends_on: [db]")).toBeUndefined();
  });
});

describe("the words for changed fields", () => {
  it("name up to five of them", () => {
    expect(describeChange(["image"])).toBe("config changed: image");
    expect(describeChange(["a", "b", "c", "d", "e"])).toBe("config changed: a, b, c, d, e");
    expect(describeChange(["a", "b", "c", "d", "e", "f", "g"])).toBe("config changed: a, b, c, d, e and 2 more");
  });
});
