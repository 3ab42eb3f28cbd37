import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { PortMap } from "../../../src/engine/api.ts";
import { type Arena, ask, isRefused, openArena, request, serve, stopServers } from "../../network/arena.ts";

let arena: Arena;
const open: string[] = [];
beforeAll(async () => {
  arena = await openArena();
  await arena.sandboxes.restore([]);
  await arena.api.networkCreate({ body: { Name: "shop", EnableIPv6: true } });
  await arena.api.networkCreate({ body: { Name: "other" } });
  await arena.api.networkCreate({ body: { Name: "inner", Internal: true } });
});
afterEach(async () => {
  stopServers();
  await Promise.all(open.splice(0).map((id) => arena.sandboxes.close(id)));
});
afterAll(() => arena.close());

async function start(name: string, networks: readonly string[], ports: PortMap = {}) {
  const asked = request(name, networks, { ports });
  open.push(asked.id);
  return arena.sandboxes.open(asked);
}

/** What the server in the container heard: the client's address and its text. */
const heard = async (netns: string, protocol: "tcp" | "udp", host: string, port: string | undefined) =>
  (await ask(netns, protocol, host, port ?? "", "hello")).replace("::ffff:", "");

describe("a published port", () => {
  it("is reached from outside, from the host, its loopback, its neighbours and other networks, by IPv4 and IPv6", async () => {
    const web = await start("web", ["shop"], { "80/tcp": [{ HostPort: "8080" }] });
    const [near, far] = await Promise.all([start("near", ["shop"]), start("far", ["other"])]);
    expect(web.ports).toEqual({
      "80/tcp": [
        { HostIp: "0.0.0.0", HostPort: "8080" },
        { HostIp: "::", HostPort: "8080" },
      ],
    });
    await serve(web.netns, "serve-tcp", "80");
    expect(await heard(arena.outside, "tcp", "203.0.113.1", "8080")).toBe("203.0.113.2 hello");
    expect(await heard(arena.outside, "tcp", "2001:db8::1", "8080")).toBe("2001:db8::2 hello");
    for (const host of ["127.0.0.1", "::1", "203.0.113.1", "2001:db8::1"]) {
      expect(await heard(arena.netns, "tcp", host, "8080")).toMatch(/ hello$/);
    }
    expect(await heard(near.netns, "tcp", "203.0.113.1", "8080")).toMatch(/ hello$/);
    expect(await heard(far.netns, "tcp", "203.0.113.1", "8080")).toMatch(/ hello$/);
  });

  it("carries datagrams too, also where the container has no IPv6 and the client has", async () => {
    const dns = await start("dns", ["other"], { "53/udp": [{ HostPort: "5353" }] });
    await serve(dns.netns, "serve-udp", "53");
    expect(await heard(arena.outside, "udp", "203.0.113.1", "5353")).toBe("203.0.113.2 hello");
    expect(await heard(arena.outside, "udp", "2001:db8::1", "5353")).toMatch(/ hello$/);
    expect(await heard(arena.netns, "udp", "127.0.0.1", "5353")).toMatch(/ hello$/);
  });

  it("is only where it was published", async () => {
    const local = await start("local", ["other"], { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8081" }] });
    await serve(local.netns, "serve-tcp", "80");
    expect(await heard(arena.netns, "tcp", "127.0.0.1", "8081")).toMatch(/ hello$/);
    expect(await isRefused(arena.outside, "tcp", "203.0.113.1", "8081", "x")).toBe(true);
  });

  it("is the only way in: nobody outside reaches the container's own address, whatever route he has", async () => {
    const hidden = await start("hidden", ["other"], { "80/tcp": [{ HostPort: "8082" }] });
    await serve(hidden.netns, "serve-tcp", "80");
    const address = hidden.endpoints.other?.IPAddress ?? "";
    await ask(arena.netns, "tcp", address, "80", "x");
    const { execFileSync } = await import("node:child_process");
    execFileSync("nsenter", [
      `--net=${arena.outside}`,
      "ip",
      "route",
      "replace",
      `${address}/32`,
      "via",
      "203.0.113.1",
    ]);
    expect(await isRefused(arena.outside, "tcp", address, "80", "x")).toBe(true);
  });

  it("is any free one where none is named, and the first free one of a range", async () => {
    const many = await start("many", ["other"], {
      "1/tcp": [{ HostPort: "" }],
      "2/tcp": [{ HostPort: "9000-9002" }],
      "3/tcp": [{ HostPort: "9000-9002" }],
    });
    const [any, first, second] = ["1/tcp", "2/tcp", "3/tcp"].map((key) => Number(many.ports[key]?.[0]?.HostPort));
    expect(any).toBeGreaterThanOrEqual(32_768);
    expect(any).toBeLessThanOrEqual(60_999);
    expect([first, second]).toEqual([9000, 9001]);
  });

  it("fails in docker's words where it is taken, and leaves nothing behind; given back, it can be had at once", async () => {
    const ports = { "80/tcp": [{ HostPort: "8083" }] };
    const first = await start("first", ["other"], ports);
    const failure = start("second", ["other"], ports);
    await expect(failure).rejects.toMatchObject({
      status: 500,
      message: expect.stringMatching(
        /^driver failed programming external connectivity on endpoint second \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:8083 failed: port is already allocated$/,
      ),
    });
    expect(Object.keys((await arena.api.networkInspect({ id: "other" })).Containers ?? {})).toEqual([first.id]);
    await arena.sandboxes.close(first.id);
    expect((await start("third", ["other"], ports)).ports["80/tcp"]?.[0]?.HostPort).toBe("8083");
  });

  it("is not taken from another program of the host", async () => {
    await serve(arena.netns, "serve-tcp", "8084");
    await expect(start("late", ["other"], { "80/tcp": [{ HostPort: "8084" }] })).rejects.toMatchObject({
      message: expect.stringContaining(":8084 failed: port is already allocated"),
    });
  });

  it("goes on while the daemon is dead", async () => {
    const steady = await start("steady", ["other"], { "80/tcp": [{ HostPort: "8085" }] });
    await serve(steady.netns, "serve-tcp", "80");
    await arena.kill();
    expect(await heard(arena.outside, "tcp", "203.0.113.1", "8085")).toBe("203.0.113.2 hello");
    expect(await heard(arena.netns, "tcp", "127.0.0.1", "8085")).toMatch(/ hello$/);
    await arena.start();
    await arena.sandboxes.restore([steady]);
    expect(await heard(arena.netns, "tcp", "127.0.0.1", "8085")).toMatch(/ hello$/);
    await expect(start("rival", ["other"], { "80/tcp": [{ HostPort: "8085" }] })).rejects.toThrow();
  });

  it("is given back when the container leaves the last network that leads out, and had again when it comes back", async () => {
    const web = await start("mover", ["shop"], { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8087" }] });
    await serve(web.netns, "serve-tcp", "80");
    expect((await arena.sandboxes.leave(web.id, "shop")).ports).toEqual({});
    const rival = await start("rival", ["shop"], { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8087" }] });
    await expect(arena.sandboxes.join(web.id, "other", {})).rejects.toThrow(
      /on endpoint mover .*Bind for 127.0.0.1:8087 failed: port is already allocated/,
    );
    await arena.sandboxes.close(rival.id);
    const back = await arena.sandboxes.join(web.id, "other", {});
    expect(back.ports).toEqual(web.ports);
    expect(await heard(arena.netns, "tcp", "127.0.0.1", "8087")).toMatch(/ hello$/);
  });

  it("does not come in on an internal network", async () => {
    expect((await start("inward", ["inner"], { "80/tcp": [{ HostPort: "8086" }] })).ports).toEqual({});
  });
});
