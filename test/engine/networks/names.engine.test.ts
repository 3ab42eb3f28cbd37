import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Sandbox } from "../../../src/engine/daemon/rooms.ts";
import { type Arena, ask, eventually, openArena, request } from "../../network/arena.ts";

let arena: Arena;
let sandboxes: Map<string, Sandbox>;
const netns = (name: string) => sandboxes.get(name)?.netns ?? "";
const address = (name: string, network: string) => sandboxes.get(name)?.endpoints[network]?.IPAddress ?? "";

/** A resolver of others that says at once that it is none: what the machine's own would say, and when, is not ours to know. */
const dns = { servers: ["127.0.0.1"], search: [], options: [] };

beforeAll(async () => {
  arena = await openArena();
  await arena.sandboxes.restore([]);
  await arena.api.networkCreate({ body: { Name: "front", EnableIPv6: true } });
  await arena.api.networkCreate({ body: { Name: "back" } });
  await arena.api.networkCreate({ body: { Name: "inner", Internal: true } });
  const web = { Aliases: ["web"] };
  const opened = await Promise.all([
    arena.sandboxes.open(request("web-1", [], { dns, endpoints: new Map([["front", web]]) })),
    arena.sandboxes.open(request("web-2", [], { endpoints: new Map([["front", web]]) })),
    arena.sandboxes.open(request("web-3", [], { endpoints: new Map([["front", web]]) })),
    arena.sandboxes.open(request("proxy", ["front", "back"], { dns })),
    arena.sandboxes.open(
      request("db", [], { dns, endpoints: new Map([["back", { Aliases: ["Database"], Links: ["proxy:gate"] }]]) }),
    ),
    arena.sandboxes.open(request("lonely", ["inner"])),
  ]);
  sandboxes = new Map(opened.map((sandbox) => [sandbox.name, sandbox]));
});
afterAll(() => arena.close());

const lookUp = async (from: string, name: string, type = "A") =>
  (await ask(netns(from), "dns", name, type)).split("\n");

describe("127.0.0.11 in a container", () => {
  it("knows a neighbour by name, alias, short ID and hostname, whatever the case, for ten minutes", async () => {
    const answer = ["NOERROR", `A 600 ${address("db", "back")}`];
    const id = sandboxes.get("db")?.id.slice(0, 12) ?? "";
    for (const name of ["db", "database", "DATABASE", id, "db.back"])
      expect(await lookUp("proxy", name)).toEqual(answer);
  });

  it("gives all replicas of a service, in changing order", async () => {
    const expected = ["web-1", "web-2", "web-3"].map((name) => `A 600 ${address(name, "front")}`).toSorted();
    const firsts = new Set<string | undefined>();
    for (let i = 0; i < 12; i++) {
      const [code, ...answers] = await lookUp("proxy", "web");
      expect(code).toBe("NOERROR");
      expect(answers.toSorted()).toEqual(expected);
      firsts.add(answers[0]);
    }
    expect(firsts.size).toBeGreaterThan(1);
  });

  it("answers over TCP too, and for IPv6 where there is any", async () => {
    expect(await ask(netns("proxy"), "dns-tcp", "db", "A")).toBe(`NOERROR\nA 600 ${address("db", "back")}`);
    const v6 = sandboxes.get("web-1")?.endpoints.front?.GlobalIPv6Address;
    expect(await lookUp("proxy", "web-1", "AAAA")).toEqual(["NOERROR", `AAAA 600 ${v6}`]);
    expect(await lookUp("proxy", "db", "AAAA")).toEqual(["NOERROR"]);
  });

  it("tells the name of an address", async () => {
    const reverse = `${address("db", "back").split(".").reverse().join(".")}.in-addr.arpa`;
    expect(await lookUp("proxy", reverse, "PTR")).toEqual(["NOERROR", "PTR 600 db.back"]);
  });

  it("does not tell of networks that the container is not in, but of what it is linked to", async () => {
    expect((await lookUp("web-1", "db"))[0]).not.toBe("NOERROR");
    expect(await lookUp("db", "gate")).toEqual(["NOERROR", `A 600 ${address("proxy", "back")}`]);
    expect((await lookUp("proxy", "gate"))[0]).not.toBe("NOERROR");
  });

  it("asks nobody else on an internal network", async () => {
    expect(await lookUp("lonely", "secret.attacker.test")).toEqual(["SERVFAIL"]);
    expect(await lookUp("lonely", "lonely")).toEqual(["NOERROR", `A 600 ${address("lonely", "inner")}`]);
  });

  it("stands in resolv.conf, and the container in its own hosts", async () => {
    const files = sandboxes.get("db")?.request.files ?? "";
    expect(await readFile(`${files}/resolv.conf`, "utf8")).toMatch(
      /^nameserver 127\.0\.0\.11\n(.*\n)*options .*ndots:0\n$/,
    );
    expect(await readFile(`${files}/hosts`, "utf8")).toContain(
      `${address("db", "back")}\t${sandboxes.get("db")?.hostname}\n`,
    );
  });

  it("goes on while the daemon is dead, and the next daemon takes it over", async () => {
    const before = await arena.host("pgrep", "-f", `main.ts ${arena.root}`);
    await arena.kill();
    expect(await lookUp("proxy", "db")).toEqual(["NOERROR", `A 600 ${address("db", "back")}`]);
    await arena.start();
    // What the dead daemon was building is ended first, and changes nothing for who runs on.
    await arena.sandboxes.close("0".repeat(64));
    expect(await lookUp("proxy", "db")).toEqual(["NOERROR", `A 600 ${address("db", "back")}`]);
    await arena.sandboxes.restore([...sandboxes.values()]);
    expect(await lookUp("proxy", "db")).toEqual(["NOERROR", `A 600 ${address("db", "back")}`]);
    expect(await arena.host("pgrep", "-f", `main.ts ${arena.root}`)).toBe(before);
  });

  it("answers who asks from an address and a port from which the containers of a network that is gone have asked", async () => {
    const subnet = { IPAM: { Config: [{ Subnet: "10.88.0.0/24" }] } };
    const askAndGo = async () => {
      const { Id } = await arena.api.networkCreate({ body: { Name: "again", ...subnet } });
      const { id, netns } = await arena.sandboxes.open(request("asker", ["again"]));
      const answer = await ask(netns, "dns", "asker", "A", "127.0.0.11", "40000");
      await arena.sandboxes.close(id);
      await arena.api.networkRemove({ id: Id ?? "" });
      return answer;
    };
    expect(await askAndGo()).toBe("NOERROR\nA 600 10.88.0.2");
    expect(await askAndGo()).toBe("NOERROR\nA 600 10.88.0.2");
  });

  it("is there again when its own process dies", async () => {
    const pid = (await arena.host("pgrep", "-f", `main.ts ${arena.root}`)).trim();
    process.kill(Number(pid), "SIGKILL");
    await eventually(() =>
      lookUp("proxy", "db").then(
        ([code]) => code === "NOERROR",
        () => false,
      ),
    );
  });

  it("follows a rename, and forgets who is gone", async () => {
    await arena.sandboxes.rename(sandboxes.get("web-3")?.id ?? "", "site");
    expect(await lookUp("proxy", "site")).toEqual(["NOERROR", `A 600 ${address("web-3", "front")}`]);
    expect((await lookUp("proxy", "web-3"))[0]).not.toBe("NOERROR");
    await arena.sandboxes.close(sandboxes.get("web-3")?.id ?? "");
    expect((await lookUp("proxy", "site"))[0]).not.toBe("NOERROR");
  });
});
