import { afterEach, describe, expect, it } from "vitest";
import { openRegistry } from "../../src/engine/registry.ts";
import { digestOf, startRegistry, type TestRegistry } from "./registry-server.ts";

const manifest = Buffer.from('{"schemaVersion":2}');
const user = { username: "user", password: "pass", serveraddress: "x" };
let registry: TestRegistry;

async function serve(wants: Parameters<typeof startRegistry>[0]): Promise<string> {
  registry = await startRegistry(wants);
  registry.content.set("a/b:1", manifest);
  registry.content.set(digestOf(manifest), manifest);
  return registry.host;
}

afterEach(() => registry.close());

describe("a registry", () => {
  it.each([
    ["none", undefined],
    ["token", undefined],
    ["basic", user],
    ["bearer", user],
    ["none", user],
  ] as const)("that wants %s gives a manifest by tag and by digest", async (wants, auth) => {
    const client = openRegistry(await serve(wants), auth);
    const answer = { digest: digestOf(manifest), bytes: manifest };
    expect(await client.manifest("a/b", "1")).toEqual(answer);
    expect(await client.manifest("a/b", digestOf(manifest))).toEqual(answer);
  });

  it.each([
    ["basic", undefined, "wants to know who asks"],
    ["basic", { ...user, password: "wrong" }, "authentication required"],
    ["bearer", { ...user, password: "wrong" }, "wrong password"],
  ] as const)("that wants %s refuses others", async (wants, auth, why) => {
    const asked = openRegistry(await serve(wants), auth).manifest("a/b", "1");
    await expect(asked).rejects.toMatchObject({ status: 401, message: expect.stringContaining(why) });
  });

  it("says what it does not have", async () => {
    const asked = openRegistry(await serve("none"), undefined).manifest("a/b", "2");
    await expect(asked).rejects.toMatchObject({ status: 404, message: expect.stringContaining("manifest unknown") });
  });

  it("is not believed when it answers other bytes", async () => {
    const client = openRegistry(await serve("none"), undefined);
    const wanted = digestOf(Buffer.from("wanted"));
    registry.content.set(wanted, Buffer.from("other"));
    await expect(client.blob("a/b", wanted)).rejects.toThrow(`where ${wanted} was asked for`);
    await expect(client.manifest("a/b", wanted)).rejects.toThrow(`where ${wanted} was asked for`);
  });

  it("is cut off when it answers too much", async () => {
    const client = openRegistry(await serve("none"), undefined);
    const large = Buffer.alloc(16 * 2 ** 20 + 1);
    registry.content.set(digestOf(large), large);
    await expect(client.blob("a/b", digestOf(large))).rejects.toThrow("more than");
  });

  it("that does not answer is named", async () => {
    const host = await serve("none");
    await registry.close();
    await expect(openRegistry(host, undefined).manifest("a/b", "1")).rejects.toThrow(`${host} does not answer`);
  });
});
