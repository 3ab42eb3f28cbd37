import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Sandbox } from "../../../src/engine/daemon/rooms.ts";
import {
  type Arena,
  ask,
  eventually,
  inside,
  isRefused,
  openArena,
  request,
  serve,
  succeeds,
} from "../../network/arena.ts";

let arena: Arena;
let sandboxes: readonly Sandbox[];
const [a, b, other, lonely, secluded] = [0, 1, 2, 3, 4].map((index) => () => {
  const sandbox = sandboxes[index];
  if (sandbox === undefined) throw new Error("it was not opened");
  return sandbox;
}) as [() => Sandbox, () => Sandbox, () => Sandbox, () => Sandbox, () => Sandbox];
const address = (sandbox: Sandbox) => Object.values(sandbox.endpoints)[0]?.IPAddress ?? "";
const gateway = (sandbox: Sandbox) => address(sandbox).replace(/\.\d+$/, ".1");
const reaches = (from: Sandbox, target: string) => succeeds(inside(from.netns, "ping", "-c1", "-W1", target));

beforeAll(async () => {
  arena = await openArena();
  // As dockerd and ufw leave it behind, with bridged packets shown to iptables.
  await arena.host("iptables", "-P", "FORWARD", "DROP");
  await arena.sandboxes.restore([]);
  await arena.api.networkCreate({ body: { Name: "one" } });
  await arena.api.networkCreate({ body: { Name: "two" } });
  await arena.api.networkCreate({ body: { Name: "inner", Internal: true } });
  await arena.api.networkCreate({
    body: { Name: "cells", Options: { "com.docker.network.bridge.enable_icc": "false" } },
  });
  sandboxes = await Promise.all([
    arena.sandboxes.open(request("a", ["one"])),
    arena.sandboxes.open(request("b", ["one"], { ports: { "80/tcp": [{ HostPort: "8080" }] } })),
    arena.sandboxes.open(request("c", ["two"])),
    arena.sandboxes.open(request("lonely", ["inner"])),
    arena.sandboxes.open(request("secluded", ["cells"])),
  ]);
});
afterAll(() => arena.close());

describe("beside a firewall that forbids forwarding", () => {
  it("containers reach each other and the outside, and are reached where a port is published", async () => {
    expect(await reaches(a(), address(b()))).toBe(true);
    expect(await reaches(a(), "203.0.113.2")).toBe(true);
    await serve(b().netns, "serve-tcp", "80");
    expect(await ask(arena.outside, "tcp", "203.0.113.1", "8080", "hello")).toMatch(/203\.0\.113\.2 hello$/);
  });

  it("networks stay apart", async () => {
    expect(await reaches(a(), address(other()))).toBe(false);
    expect(await isRefused(other().netns, "tcp", address(b()), "80", "x")).toBe(true);
  });

  it("an exception is made again when dockerd comes and puts its own rules first", async () => {
    await arena.host("iptables", "-N", "DOCKER-USER");
    await arena.host("iptables", "-A", "DOCKER-USER", "-j", "RETURN");
    await arena.host("iptables", "-F", "FORWARD");
    await arena.host("iptables", "-I", "FORWARD", "-j", "DOCKER-USER");
    await eventually(() => reaches(a(), address(b())));
    expect(await arena.host("iptables", "-S", "DOCKER-USER")).toMatch(/^-N DOCKER-USER\n-A DOCKER-USER -j GANTRY-/);
  });
});

describe("an internal network", () => {
  it("reaches neither the outside, nor the host, nor other networks", async () => {
    expect(await reaches(lonely(), gateway(lonely()))).toBe(false);
    await inside(lonely().netns, "ip", "route", "add", "default", "via", gateway(lonely()));
    for (const target of ["203.0.113.1", "203.0.113.2", address(a()), gateway(a())]) {
      expect(await reaches(lonely(), target)).toBe(false);
    }
    expect(await isRefused(lonely().netns, "tcp", "203.0.113.1", "8080", "x")).toBe(true);
  });

  it("is reached by the host, and its names are answered", async () => {
    expect(await succeeds(arena.host("ping", "-c1", "-W1", address(lonely())))).toBe(true);
    expect(await ask(lonely().netns, "dns", "lonely", "A")).toBe(`NOERROR\nA 600 ${address(lonely())}`);
  });
});

describe("a network without communication between containers", () => {
  it("keeps them apart, also without a firewall", async () => {
    const second = await arena.sandboxes.open(request("second", ["cells"]));
    expect(await reaches(secluded(), address(second))).toBe(false);
    expect(await reaches(secluded(), gateway(secluded()))).toBe(true);
  });
});

describe("a firewall that somebody flushes", () => {
  it("is there again at once, and nothing passes that should not", async () => {
    const before = await arena.host("nft", "list", "ruleset");
    await arena.host("nft", "flush", "ruleset");
    await eventually(async () => (await arena.host("nft", "list", "tables")).includes("gantry-"));
    expect(await reaches(a(), address(other()))).toBe(false);
    expect(await reaches(lonely(), "203.0.113.2")).toBe(false);
    const table = (text: string) => /table inet gantry-[\s\S]*?\n}\n/.exec(text)?.[0];
    expect(table(await arena.host("nft", "list", "ruleset"))).toBe(table(before));
  });
});

describe("the loopback of a container", () => {
  it("is not reached by its neighbours, though answers of 127.0.0.11 come from outside", async () => {
    await inside(
      a().netns,
      "ip",
      "route",
      "add",
      "table",
      "local",
      "unicast",
      "127.0.0.99",
      "via",
      address(b()),
      "dev",
      "eth0",
      "src",
      address(a()),
    );
    expect(await reaches(a(), "127.0.0.99")).toBe(false);
    expect(await reaches(a(), "127.0.0.1")).toBe(true);
  });
});
