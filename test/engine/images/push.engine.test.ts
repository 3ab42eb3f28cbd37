import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Progress } from "../../../src/engine/api.ts";
import { type FakeRegistry, fail, startFakeRegistry } from "../registry/fake-registry.ts";
import { drain, openTestRoom, type TestRoom, tarOf } from "./room.ts";

let registry: FakeRegistry;
let test: TestRoom;
let name: string;
beforeEach(async () => {
  [registry, test] = await Promise.all([startFakeRegistry(), openTestRoom()]);
  name = `${registry.host}/it`;
  const stream = await tarOf("head -c 3000000 /dev/urandom >noise");
  await drain(await test.room.calls.imageImport({ fromSrc: "-", repo: name, tag: "1", stream }));
});
afterEach(async () => {
  await registry.stop();
  await test.remove();
});

const push = async (): Promise<readonly Progress[]> =>
  drain(await test.room.calls.imagePush({ name, tag: "1", auth: { username: "me", password: "s3cret" } }));
const seen = (part: RegExp) => registry.seen.filter(({ line }) => part.test(line)).length;

describe("a push to a registry that is out of order", () => {
  it("that fails says where and why, and leaves nothing under the tag", async () => {
    registry.spoil = ({ method }, response) => method === "PATCH" && fail(response, 500, "UNKNOWN", "disk full");
    const [last] = (await push()).slice(-1);
    expect(last?.error).toMatch(
      /^the registry does not take it: unknown: disk full \(http:.*\/uploads\/upload-[0-9]+\); try again/,
    );
    expect(registry.manifests.size).toBe(0);
    registry.spoil = () => false;
    expect((await push()).at(-1)?.aux).toMatchObject({ Tag: "1" });
  });

  it("whose tag is not taken has no digest here either", async () => {
    registry.spoil = ({ method, url = "" }, response) =>
      method === "PUT" && url.includes("/manifests/") && fail(response, 400, "MANIFEST_INVALID", "not like this");
    expect((await push()).at(-1)?.error).toContain("manifest invalid: not like this");
    expect((await test.room.calls.imageInspect({ name: `${name}:1` })).RepoDigests).toEqual([]);
  });

  it("goes on where the token runs out in the middle", async () => {
    let given = 0;
    let uses = 0;
    registry.spoil = ({ url = "", headers }, response) => {
      if (url.startsWith("/token")) {
        uses = 0;
        response.end(JSON.stringify({ token: `t${++given}`, expires_in: 3600 }));
        return true;
      }
      // Each is good for two requests.
      if (headers.authorization === `Bearer t${given}` && ++uses <= 2) return false;
      const challenge = `Bearer realm="http://${registry.host}/token",service="here"`;
      return fail(response, 401, "UNAUTHORIZED", "expired", { "WWW-Authenticate": challenge });
    };
    expect((await push()).at(-1)?.aux).toMatchObject({ Tag: "1" });
    expect(given).toBeGreaterThan(2);
    expect(registry.manifests.has("1")).toBe(true);
  });

  it("that nobody waits for any more is given up at once", async () => {
    registry.spoil = ({ method }) => method === "PATCH";
    for await (const { status } of await test.room.calls.imagePush({ name, tag: "1", auth: {} })) {
      if (status === "Pushing") break;
    }
    expect(registry.manifests.size).toBe(0);
    expect(seen(/^PATCH/)).toBeLessThan(2);
  });

  it("says nothing of the password, whoever refuses it", async () => {
    registry.spoil = (_, response) =>
      fail(response, 401, "UNAUTHORIZED", "authentication required", { "WWW-Authenticate": 'Basic realm="here"' });
    const said = JSON.stringify(await push());
    expect(said).toContain("unauthorized: authentication required");
    expect(said).not.toContain("s3cret");
    expect(said).not.toContain(Buffer.from("me:s3cret").toString("base64"));
  });
});

describe("a pull that fails", () => {
  it("leaves the tag at the image that it was", async () => {
    await push();
    const { Id } = await test.room.calls.imageInspect({ name: `${name}:1` });
    registry.add("1", [await tarOf("head -c 3000000 /dev/urandom >other")]);
    registry.spoil = ({ method, url = "" }, response) => {
      if (method !== "GET" || !url.includes("/blobs/")) return false;
      response.writeHead(200).end("short");
      return true;
    };
    const lines = await drain(await test.room.calls.imagePull({ fromImage: name, tag: "1" }));
    expect(lines.at(-1)?.error).toMatch(/did not come whole, although it was resumed 5 times.*http:\/\/localhost/);
    expect((await test.room.calls.imageInspect({ name: `${name}:1` })).Id).toBe(Id);
  });
});
