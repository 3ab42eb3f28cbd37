import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Arena, inside, openArena, request, succeeds } from "../../network/arena.ts";

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
