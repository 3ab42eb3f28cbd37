import { readdir } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Arena, eventually, inside, openArena, request, succeeds } from "../../network/arena.ts";

let arena: Arena;
beforeAll(async () => {
  arena = await openArena();
  await arena.sandboxes.restore([]);
});
afterAll(() => arena.close());

const ping = (netns: string, address: string) => succeeds(inside(netns, "ping", "-c1", "-W1", address));

describe("the sandboxes of containers", () => {
  it("lets containers of one network reach each other and the host, and those of another network not", async () => {
    await arena.api.networkCreate({ body: { Name: "one" } });
    await arena.api.networkCreate({ body: { Name: "two" } });
    const [a, b, c] = await Promise.all([
      arena.sandboxes.open(request("a", ["one"])),
      arena.sandboxes.open(request("b", ["one"])),
      arena.sandboxes.open(request("c", ["two"])),
    ]);
    const [addressOfB, addressOfC] = [b.endpoints.one?.IPAddress ?? "", c.endpoints.two?.IPAddress ?? ""];
    expect(await ping(a.netns, addressOfB)).toBe(true);
    expect(await ping(a.netns, a.endpoints.one?.Gateway ?? "")).toBe(true);
    expect(await ping(a.netns, addressOfC)).toBe(false);
  });
});

describe("a running container", () => {
  it("joins a network and leaves it again, and its default route follows", async () => {
    const asked = request("mover", ["one"]);
    await arena.sandboxes.open(asked);
    const joined = await arena.sandboxes.join(asked.id, "two", {
      GwPriority: 1,
      IPAMConfig: null,
      Aliases: ["visitor"],
    });
    const second = joined.endpoints.two;
    expect(joined.links).toEqual({ one: "eth0", two: "eth1" });
    expect(second?.DNSNames).toEqual(["mover", "visitor", asked.id.slice(0, 12)]);
    expect(await inside(joined.netns, "ip", "route", "show", "default")).toContain(`via ${second?.Gateway} dev eth1`);
    const peer = await arena.sandboxes.open(request("peer", ["two"]));
    expect(await ping(peer.netns, second?.IPAddress ?? "")).toBe(true);
    const left = await arena.sandboxes.leave(asked.id, "two");
    expect(left.links).toEqual({ one: "eth0" });
    expect(await inside(left.netns, "ip", "route", "show", "default")).toContain("dev eth0");
    expect(await ping(peer.netns, second?.IPAddress ?? "")).toBe(false);
    await expect(arena.sandboxes.leave(asked.id, "two")).rejects.toMatchObject({ status: 403 });
    const kinds = arena.events.filter(({ Actor }) => Actor.Attributes.container === asked.id);
    expect(kinds.map(({ Action, Actor }) => `${Action} ${Actor.Attributes.name}`)).toEqual([
      "connect one",
      "connect two",
      "disconnect two",
    ]);
    await Promise.all([arena.sandboxes.close(asked.id), arena.sandboxes.close(peer.id)]);
  });

  it("has the address, the MAC address, the settings and the link's name that it asked for", async () => {
    await arena.api.networkCreate({
      body: {
        Name: "fixed",
        EnableIPv6: true,
        IPAM: { Config: [{ Subnet: "10.77.0.0/29" }, { Subnet: "fd77::/64" }] },
      },
    });
    const endpoint = {
      IPAMConfig: { IPv4Address: "10.77.0.5", IPv6Address: "fd77::55" },
      MacAddress: "02:00:00:00:00:05",
      DriverOpts: {
        "com.docker.network.endpoint.ifname": "lan0",
        "com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.log_martians=1",
      },
    };
    const asked = request("picky", [], {
      endpoints: new Map([["fixed", endpoint]]),
      sysctls: new Map([["net.core.somaxconn", "1234"]]),
    });
    const { netns } = await arena.sandboxes.open(asked);
    const shown = await inside(netns, "ip", "address", "show", "lan0");
    for (const part of ["10.77.0.5/29", "fd77::55/64", "02:00:00:00:00:05"]) expect(shown).toContain(part);
    expect(await inside(netns, "sysctl", "-n", "net.core.somaxconn", "net.ipv4.conf.lan0.log_martians")).toBe(
      "1234\n1\n",
    );
    const rival = request("rival", [], {
      endpoints: new Map([["fixed", { IPAMConfig: { IPv4Address: "10.77.0.5" } }]]),
    });
    await expect(arena.sandboxes.open(rival)).rejects.toMatchObject({ status: 403, message: "Address already in use" });
    await arena.sandboxes.close(asked.id);
    expect((await arena.sandboxes.open(rival)).endpoints.fixed?.IPAddress).toBe("10.77.0.5");
    await arena.sandboxes.close(rival.id);
  });

  it("gets every address of a small network, and all of them can be had again", async () => {
    const open = (round: number) =>
      Promise.all([1, 2, 3, 4, 5].map((number) => arena.sandboxes.open(request(`r${round}-${number}`, ["fixed"]))));
    for (const round of [1, 2]) {
      const opened = await open(round);
      expect(new Set(opened.map(({ endpoints }) => endpoints.fixed?.IPAddress)).size).toBe(5);
      await expect(arena.sandboxes.open(request("late", ["fixed"]))).rejects.toMatchObject({
        message: expect.stringMatching(/^no available IPv4 addresses on this network's address pools: fixed \(/),
      });
      await Promise.all(opened.map(({ id }) => arena.sandboxes.close(id)));
    }
  });
});

describe("the next daemon", () => {
  it("takes away what belongs to nobody, and leaves alone what runs", async () => {
    const kept = await arena.sandboxes.open(request("kept", ["one"]));
    const lost = await arena.sandboxes.open(request("lost", ["one"], { ports: { "80/tcp": [{ HostPort: "8090" }] } }));
    await arena.host("ip", "link", "add", "admins", "type", "bridge");
    await arena.kill();
    await arena.start();
    await arena.sandboxes.restore([kept]);
    const links = await arena.host("ip", "-brief", "link");
    expect(links).toContain(`gv-${kept.endpoints.one?.EndpointID?.slice(0, 12)}`);
    expect(links).not.toContain(`gv-${lost.endpoints.one?.EndpointID?.slice(0, 12)}`);
    expect(links).toContain("admins");
    expect(await readdir(path.dirname(kept.netns))).not.toContain(lost.id);
    expect(await arena.host("nft", "list", "ruleset")).not.toContain("8090");
    expect(await ping(kept.netns, kept.endpoints.one?.Gateway ?? "")).toBe(true);
    expect(Object.keys((await arena.api.networkInspect({ id: "one" })).Containers ?? {})).toEqual([kept.id]);
  });

  it("makes everything anew after a reboot", async () => {
    await arena.kill();
    for (const link of (await arena.host("ip", "-brief", "link")).match(/^g[tv]-\w+/gm) ?? []) {
      await succeeds(arena.host("ip", "link", "delete", link));
    }
    await arena.host("nft", "flush", "ruleset");
    await arena.start();
    await arena.sandboxes.restore([]);
    const [a, b] = await Promise.all([
      arena.sandboxes.open(request("again", ["one"])),
      arena.sandboxes.open(request("other", ["one"])),
    ]);
    expect(await ping(a.netns, b.endpoints.one?.IPAddress ?? "")).toBe(true);
  });
});

describe("a daemon that is shut down", () => {
  it("leaves the host as it was when nothing runs, and else everything in place", async () => {
    const lasting = await arena.sandboxes.open(request("lasting", ["one"]));
    await arena.shutDown();
    expect(await ping(lasting.netns, lasting.endpoints.one?.Gateway ?? "")).toBe(true);
    await arena.start();
    await arena.sandboxes.restore([lasting]);
    await arena.sandboxes.close(lasting.id);
    await arena.shutDown();
    expect(await arena.host("ip", "-brief", "link")).not.toMatch(/^g[tv]-/m);
    expect(await arena.host("nft", "list", "tables")).not.toContain("gantry");
    await eventually(async () => !(await succeeds(arena.host("pgrep", "-f", `main.ts ${arena.root}`))));
    await arena.start();
    await arena.sandboxes.restore([]);
    const back = await arena.sandboxes.open(request("back", ["one"]));
    expect(await ping(back.netns, back.endpoints.one?.Gateway ?? "")).toBe(true);
  });
});
