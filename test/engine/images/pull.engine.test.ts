import { readdir } from "node:fs/promises";
import path from "node:path";
import zlib from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RegistryAuth } from "../../../src/engine/api.ts";
import { digestOf, type FakeRegistry, fail, startFakeRegistry } from "../registry/fake-registry.ts";
import { drain, openTestRoom, type TestRoom, tarOf } from "./room.ts";

let registry: FakeRegistry;
let test: TestRoom;
let small: Buffer;
beforeEach(async () => {
  [registry, test] = await Promise.all([startFakeRegistry(), openTestRoom()]);
  small = await tarOf("echo hi >hello");
});
afterEach(async () => {
  await registry.stop();
  await test.remove();
});

/** The last line of a pull, or why it was refused. */
async function pull(tag = "1", auth?: RegistryAuth): Promise<string> {
  try {
    const args = { fromImage: `${registry.host}/it`, tag, ...(auth !== undefined && { auth }) };
    const lines = await drain(await test.room.calls.imagePull(args));
    return lines.at(-1)?.error ?? lines.at(-1)?.status ?? "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const requests = (part: string) => registry.seen.filter(({ line }) => line.includes(part)).length;
const blobOf = (place: number) => [...registry.blobs.keys()][place] ?? "";

async function expectNothingLeft(): Promise<void> {
  expect(await test.room.calls.imageList({ all: true })).toEqual([]);
  expect(await readdir(path.join(test.ground.dataRoot, "layers"))).toEqual([]);
  expect(await readdir(path.join(test.ground.dataRoot, "images/blobs/sha256"))).toEqual([]);
}

const fresh = () => `Status: Downloaded newer image for ${registry.host}/it:1`;

describe("a registry that is out of order", () => {
  it("is resumed where it broke off", async () => {
    registry.add("1", [await tarOf("head -c 3000000 /dev/urandom >noise")]);
    let broken = 0;
    registry.spoil = (request, response) => {
      const blob = registry.blobs.get(blobOf(0)) ?? Buffer.alloc(0);
      if (request.url?.includes(blobOf(0)) !== true || broken > 1) return false;
      const start = Number(/=([0-9]+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const range = start === 0 ? {} : { "Content-Range": `bytes ${start}-${blob.length - 1}/${blob.length}` };
      response.writeHead(start === 0 ? 200 : 206, { "Content-Length": blob.length - start, ...range });
      response.write(blob.subarray(start, start + 1_000_000), () => response.destroy());
      broken++;
      return true;
    };
    expect(await pull()).toBe(fresh());
    const ranges = registry.seen.filter(({ line }) => line.includes(blobOf(0))).map(({ headers }) => headers.range);
    expect(ranges).toEqual([
      undefined,
      expect.stringMatching(/^bytes=[1-9][0-9]*-$/),
      expect.stringMatching(/^bytes=[1-9][0-9]*-$/),
    ]);
  });

  it("may send all of it again instead", async () => {
    registry.add("1", [await tarOf("head -c 3000000 /dev/urandom >noise")]);
    let broken = false;
    registry.spoil = (request, response) => {
      if (request.url?.includes(blobOf(0)) !== true) return false;
      const blob = registry.blobs.get(blobOf(0)) ?? Buffer.alloc(0);
      response.writeHead(200, { "Content-Length": blob.length });
      if (broken) response.end(blob);
      else response.write(blob.subarray(0, 500_000), () => response.destroy());
      broken = true;
      return true;
    };
    expect(await pull()).toBe(fresh());
  });

  it("is waited for where it says so, and given up where it does not come to itself", async () => {
    registry.add("1", [small]);
    let busy = 2;
    registry.spoil = (_, response) =>
      busy-- > 0 && fail(response, 429, "TOOMANYREQUESTS", "slow down", { "Retry-After": "0" });
    expect(await pull()).toBe(fresh());
    registry.spoil = (_, response) => fail(response, 429, "TOOMANYREQUESTS", "not today", { "Retry-After": "86400" });
    expect(await pull("2")).toBe(
      `toomanyrequests: not today (http://${registry.host}/v2/it/manifests/2); try again later, or log in for a higher limit`,
    );
    registry.spoil = (_, response) => {
      response.writeHead(403, { "Content-Type": "text/html" }).end("<html>\u001b[31mgo away</html>");
      return true;
    };
    expect(await pull("2")).toBe(
      `pull access denied for ${registry.host}/it, repository does not exist or may require 'docker login': denied: HTTP status 403 and a web page`,
    );
  });

  const lies: readonly (readonly [title: string, lie: () => void, message: string])[] = [
    [
      "with other bytes than its manifest says",
      () => {
        registry.add("1", [small]);
        const bytes = Buffer.from(registry.blobs.get(blobOf(0)) ?? "");
        bytes[bytes.length - 10] = (bytes[bytes.length - 10] ?? 0) ^ 1;
        registry.blobs.set(blobOf(0), bytes);
      },
      "cannot be used",
    ],
    [
      "with more bytes than its manifest says",
      () => {
        registry.add("1", [small]);
        registry.blobs.set(
          blobOf(0),
          Buffer.concat([registry.blobs.get(blobOf(0)) ?? Buffer.alloc(0), Buffer.alloc(100)]),
        );
      },
      "is longer than the",
    ],
    [
      "with another config than its manifest says",
      () => {
        registry.add("1", [small]);
        const config = registry.blobs.get(blobOf(1))?.toString().replace("sh", "xx") ?? "";
        registry.blobs.set(blobOf(1), Buffer.from(config));
      },
      "where sha256:",
    ],
    [
      "with a layer that is not the one of the config",
      () => registry.add("1", [small], { config: { rootfs: { type: "layers", diff_ids: [digestOf("else")] } } }),
      "but the image says",
    ],
    [
      "with fewer layers than its config tells of",
      () =>
        registry.add("1", [small], {
          config: { rootfs: { type: "layers", diff_ids: [digestOf(small), digestOf("else")] } },
        }),
      "its config tells of 2 layers, its manifest of 1",
    ],
    [
      "with a manifest that is a list too",
      () => registry.add("1", [small], { manifest: { manifests: [] } }),
      "neither that of an image nor a list",
    ],
    [
      "with a manifest sent as something else",
      () => registry.add("1", [small], { type: "application/vnd.oci.image.index.v1+json" }),
      "but was sent as",
    ],
    [
      "with a manifest of the old kind",
      () => registry.add("1", [small], { manifest: { schemaVersion: 1 } }),
      "of the old kind (schema 1)",
    ],
    [
      "with a manifest that names no digest",
      () => registry.add("1", [small], { manifest: { layers: [{ digest: "../../x", size: 1 }] } }),
      "no sha256 digest",
    ],
    ["with a layer that is no archive", () => registry.add("1", [Buffer.from("x".repeat(3000))]), "not a tar archive"],
    [
      "with a bomb",
      () => registry.add("1", [Buffer.alloc(100_000_000)], { pack: (tar) => zlib.zstdCompressSync(tar) }),
      "more than 1000 times its size",
    ],
  ];
  it.each(lies)("is found out %s, and nothing of it is kept", async (_, lie, message) => {
    lie();
    expect(await pull()).toContain(message);
    await expectNothingLeft();
  });

  it("that sends another manifest than the digest asked for is found out", async () => {
    const digest = registry.add("1", [small]);
    registry.manifests.set(
      digest,
      registry.manifests.get(registry.add("2", [small], { config: { author: "else" } })) ?? { type: "", body: small },
    );
    expect(await pull(digest)).toContain("what the registry sent has the digest");
  });
});

describe("an index", () => {
  it("gives the image for this machine, and attestations are none", async () => {
    const arm = registry.add("arm", [small], { config: { architecture: "arm64", variant: "v8" } });
    const amd = registry.add("amd", [small]);
    const entry = (digest: string, architecture: string, more = {}) => ({
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest,
      size: registry.manifests.get(digest)?.body.length ?? 0,
      platform: { os: architecture === "unknown" ? "unknown" : "linux", architecture },
      ...more,
    });
    const type = "application/vnd.oci.image.index.v1+json";
    const body = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: type,
        manifests: [
          entry(arm, "unknown", { annotations: { "vnd.docker.reference.type": "attestation-manifest" } }),
          entry(arm, "arm64"),
          entry(amd, "amd64"),
        ],
      }),
    );
    registry.manifests.set("1", { type, body });
    const name = `${registry.host}/it`;
    await drain(await test.room.calls.imagePull({ fromImage: name, tag: "1", platform: "linux/arm64" }));
    expect(await test.room.calls.imageInspect({ name: `${name}:1` })).toMatchObject({
      Architecture: "arm64",
      RepoDigests: [`${name}@${digestOf(body)}`],
    });
    await drain(await test.room.calls.imagePull({ fromImage: name, tag: "1", platform: "linux/amd64" }));
    expect(await test.room.calls.imageInspect({ name: `${name}:1` })).toMatchObject({ Architecture: "amd64" });
    await expect(
      test.room.calls.imagePull({ fromImage: name, tag: "1", platform: "linux/s390x" }).then(drain),
    ).resolves.toContainEqual(
      expect.objectContaining({ error: expect.stringContaining("no matching manifest for linux/s390x") }),
    );
  });
});

describe("credentials", () => {
  it("go to their registry and the token host that it names, and to nobody else", async () => {
    const [tokens, elsewhere] = await Promise.all([startFakeRegistry(), startFakeRegistry()]);
    try {
      registry.add("1", [small]);
      for (const [digest, bytes] of registry.blobs) elsewhere.blobs.set(digest, bytes);
      tokens.spoil = (request, response) => {
        const isKnown = request.headers.authorization === `Basic ${Buffer.from("me:s3cret").toString("base64")}`;
        if (!isKnown) return fail(response, 401, "UNAUTHORIZED", "who are you");
        response.end(JSON.stringify({ token: "t0ken", expires_in: 300 }));
        return true;
      };
      registry.spoil = (request, response) => {
        if (request.headers.authorization !== "Bearer t0ken") {
          const challenge = `Bearer realm="http://${tokens.host}/token",service="here",scope="repository:it:pull"`;
          return fail(response, 401, "UNAUTHORIZED", "authentication required", { "WWW-Authenticate": challenge });
        }
        if (request.url?.includes("/blobs/") !== true) return false;
        response.writeHead(307, { Location: `http://${elsewhere.host}${request.url}` }).end();
        return true;
      };
      expect(await pull("1", { username: "me", password: "s3cret" })).toBe(fresh());
      expect(tokens.seen.map(({ line }) => line)).toEqual([
        "GET /token?service=here&scope=repository%3Ait%3Apull&account=me&client_id=docker",
      ]);
      expect(registry.seen.filter(({ headers }) => headers.authorization?.startsWith("Basic"))).toEqual([]);
      expect(elsewhere.seen.length).toBeGreaterThan(1);
      expect(elsewhere.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
      expect(await pull("1", { username: "me", password: "wrong" })).toBe("unauthorized: who are you");
      const login = (password: string) =>
        test.room.calls.registryLogin({ body: { username: "me", password, serveraddress: registry.host } });
      registry.spoil = (request, response) => {
        if (request.headers.authorization === undefined) {
          return fail(response, 401, "UNAUTHORIZED", "authentication required", {
            "WWW-Authenticate": `Bearer realm="http://${tokens.host}/token"`,
          });
        }
        response.end("{}");
        return true;
      };
      expect(await login("s3cret")).toEqual({ Status: "Login Succeeded" });
      await expect(login("wrong")).rejects.toMatchObject({ status: 401 });
    } finally {
      await Promise.all([tokens.stop(), elsewhere.stop()]);
    }
  });
});

describe("a pull of what is here already", () => {
  it("asks for the digest of the tag and for nothing else, until the tag is another image", async () => {
    registry.add("1", [small]);
    expect(await pull()).toBe(fresh());
    registry.seen.length = 0;
    expect(await pull()).toBe(`Status: Image is up to date for ${registry.host}/it:1`);
    expect(registry.seen.map(({ line }) => line)).toEqual(["HEAD /v2/it/manifests/1"]);
    registry.add("1", [small], { config: { author: "me" } });
    expect(await pull()).toBe(fresh());
    registry.spoil = ({ method }, response) => method === "HEAD" && fail(response, 405, "UNSUPPORTED", "no");
    expect(await pull()).toBe(`Status: Image is up to date for ${registry.host}/it:1`);
  });
});

describe("pulls at the same time", () => {
  it("download each layer once", async () => {
    registry.add("1", [await tarOf("head -c 2000000 /dev/urandom >a"), await tarOf("head -c 2000000 /dev/urandom >b")]);
    const outcomes = await Promise.all([pull(), pull(), pull()]);
    expect(outcomes.every((line) => line.startsWith("Status:"))).toBe(true);
    expect([requests(blobOf(0)), requests(blobOf(1))]).toEqual([1, 1]);
  });

  it("that nobody reads any more are given up, and leave nothing", async () => {
    registry.add("1", [await tarOf("head -c 5000000 /dev/urandom >a")]);
    registry.spoil = (request, response) => {
      if (request.url?.includes(blobOf(0)) !== true) return false;
      response.writeHead(200).write(registry.blobs.get(blobOf(0))?.subarray(0, 2_000_000));
      return true;
    };
    for await (const { status } of await test.room.calls.imagePull({ fromImage: `${registry.host}/it`, tag: "1" })) {
      if (status === "Downloading") break;
    }
    await expectNothingLeft();
  });
});
