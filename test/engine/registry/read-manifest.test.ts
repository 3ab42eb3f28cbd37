import { afterEach, describe, expect, it } from "vitest";
import type { RegistryAuth } from "../../../src/engine/api.ts";
import { plainOptions } from "../../../src/engine/registry/hosts.ts";
import { openRegistry } from "../../../src/engine/registry/open-registry.ts";
import { readBlob } from "../../../src/engine/registry/read-blob.ts";
import { readManifest } from "../../../src/engine/registry/read-manifest.ts";
import { digestOf, type Entrance, type FakeRegistry, startFakeRegistry } from "./fake-registry.ts";

const text = '{"schemaVersion":2}';
const user = { username: "user", password: "pass" };
let registry: FakeRegistry;
afterEach(() => registry.stop());

async function serve(entrance: Entrance): Promise<void> {
  registry = await startFakeRegistry(entrance);
  const entry = { type: "application/vnd.oci.image.manifest.v1+json", body: Buffer.from(text) };
  registry.manifests.set("1", entry);
  registry.manifests.set(digestOf(text), entry);
}

const open = (auth?: RegistryAuth) => openRegistry(registry.host, { options: { ...plainOptions, pause: 1 }, auth });

function read(which: { readonly tag: string } | { readonly digest: string }, auth?: RegistryAuth) {
  return readManifest(open(auth), { registry: registry.host, repository: "a/b", ...which });
}

describe("a registry", () => {
  it.each([
    ["none", undefined],
    ["token", undefined],
    ["basic", user],
    ["bearer", user],
    ["none", user],
  ] as const)("that wants %s gives a manifest by tag and by digest", async (entrance, auth) => {
    await serve(entrance);
    const answer = { digest: digestOf(text), text, contentType: "application/vnd.oci.image.manifest.v1+json" };
    expect(await read({ tag: "1" }, auth)).toEqual(answer);
    expect(await read({ digest: digestOf(text) }, auth)).toEqual(answer);
  });

  it.each([
    ["basic", undefined, "pull access denied", 404],
    ["basic", { ...user, password: "wrong" }, "pull access denied", 404],
    ["bearer", { ...user, password: "wrong" }, "unauthorized: wrong password", 401],
  ] as const)("that wants %s refuses others", async (entrance, auth, why, status) => {
    await serve(entrance);
    await expect(read({ tag: "1" }, auth)).rejects.toMatchObject({ status, message: expect.stringContaining(why) });
  });

  it("says what it does not have", async () => {
    await serve("none");
    await expect(read({ tag: "2" })).rejects.toMatchObject({
      status: 404,
      message: `manifest for ${registry.host}/a/b:2 not found: manifest unknown: manifest unknown`,
    });
  });

  it("is not believed when it answers other bytes", async () => {
    await serve("none");
    const wanted = digestOf("wanted");
    registry.manifests.set(wanted, { type: "", body: Buffer.from("other") });
    await expect(read({ digest: wanted })).rejects.toThrow(
      `what the registry sent has the digest ${digestOf("other")}`,
    );
    registry.blobs.set(wanted, Buffer.from("other."));
    await expect(readBlob(open(), "a/b", { digest: wanted, size: 6 })).rejects.toThrow(`where ${wanted} of a/b`);
  });

  it("is cut off when it answers too much", async () => {
    await serve("none");
    registry.manifests.set("1", { type: "", body: Buffer.alloc(4 * 2 ** 20 + 1) });
    await expect(read({ tag: "1" })).rejects.toThrow(`is longer than ${4 * 2 ** 20} bytes`);
    const huge = { digest: digestOf(""), size: 2 ** 40 };
    await expect(readBlob(open(), "a/b", huge)).rejects.toThrow("larger than 16 MiB");
  });
});
