import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fetchArtifact } from "../../../src/commands/remote/artifact.ts";
import { digestOf, type FakeRegistry, startFakeRegistry } from "../../engine/registry/fake-registry.ts";

const file = "application/vnd.docker.compose.file+yaml";
const envFile = "application/vnd.docker.compose.envfile";
let root: string;
let registry: FakeRegistry;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "gantry-artifact-"));
  registry = await startFakeRegistry("bearer");
  const auth = Buffer.from("user:pass").toString("base64");
  writeFileSync(join(root, "config.json"), JSON.stringify({ auths: { [registry.host]: { auth } } }));
});
afterEach(async () => {
  await registry.stop();
  rmSync(root, { recursive: true, force: true });
});

type Layer = readonly [mediaType: string, text: string, annotations?: Readonly<Record<string, string>>];

/** Puts an artifact where `docker compose publish` would, as `a/shop:1`. */
function publish(layers: readonly Layer[], more: object = { artifactType: "application/vnd.docker.compose.project" }) {
  const described = layers.map(([mediaType, text, annotations]) => {
    const bytes = Buffer.from(text);
    registry.blobs.set(digestOf(bytes), bytes);
    return { mediaType, digest: digestOf(bytes), size: bytes.length, ...(annotations && { annotations }) };
  });
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, layers: described, ...more }));
  registry.manifests.set("1", { type: "application/vnd.oci.image.manifest.v1+json", body: manifest });
}

function fetched(): Promise<string> {
  const reference = `${registry.host}/a/shop:1`;
  const environment = new Map([["DOCKER_CONFIG", root]]);
  return fetchArtifact({ kind: "oci", text: `oci://${reference}`, reference }, join(root, "cache"), environment);
}

const whole: readonly Layer[] = [
  [file, "services: {a: {image: a}}", { "com.docker.compose.file": "compose.yaml" }],
  [file, "services: {b: {image: b}}", { "com.docker.compose.file": "override.yaml" }],
  [file, "services: {c: {image: c}}", { "com.docker.compose.extends": "true", "com.docker.compose.file": "0a.yaml" }],
  [envFile, "A=1\n", { "com.docker.compose.envfile": "0b.env" }],
];

describe("a published compose project", () => {
  it("becomes one compose file with a document for each file, and the files that it refers to", async () => {
    publish(whole);
    const directory = await fetched();
    expect(readdirSync(directory).sort()).toEqual(["0a.yaml", "0b.env", "compose.yaml"]);
    expect(readFileSync(join(directory, "compose.yaml"), "utf8")).toBe(
      "services: {a: {image: a}}\n---\nservices: {b: {image: b}}",
    );
  });

  it("is fetched once for each digest of its tag", async () => {
    publish(whole);
    const first = await fetched();
    registry.seen.length = 0;
    expect(await fetched()).toBe(first);
    expect(registry.seen.filter(({ line }) => line.includes("/blobs/"))).toEqual([]);
    publish(whole.slice(0, 1));
    expect(await fetched()).not.toBe(first);
  });

  it.each([
    ["an image", { config: { mediaType: "application/vnd.oci.image.config.v1+json" } }, "is no compose project"],
    ["another artifact", { artifactType: "application/x" }, "is no compose project, but application/x"],
    ["an index", { layers: undefined }, "its manifest has no layers"],
  ])("is not %s", async (_, more, why) => {
    publish(whole, more);
    await expect(fetched()).rejects.toThrow(why);
  });

  it("of a registry without artifact types is known by its configuration", async () => {
    publish(whole, { config: { mediaType: "application/vnd.docker.compose.config.empty.v1+json" } });
    expect(readdirSync(await fetched())).toContain("compose.yaml");
  });

  it.each(["../../.ssh/config", "/etc/passwd", "a/b.yaml", "compose.yaml", ".env", ""])(
    "may not write a file called %j",
    async (name) => {
      publish([...whole.slice(0, 1), [envFile, "A=1", { "com.docker.compose.envfile": name }]]);
      await expect(fetched()).rejects.toThrow("is not sound");
      expect(readdirSync(join(root, "cache"))).toEqual([]);
    },
  );

  it("of which a layer is missing leaves nothing in the cache", async () => {
    publish(whole);
    registry.blobs.delete(digestOf(Buffer.from("A=1\n")));
    await expect(fetched()).rejects.toThrow("manifest unknown");
    expect(readdirSync(join(root, "cache"))).toEqual([]);
  });
});
