import { describe, expect, it } from "vitest";
import type { BuildOrder } from "../../../src/engine/build-order.ts";
import { bakeArguments } from "../../../src/engine/builders/build-by-bake.ts";
import { classicArgs } from "../../../src/engine/builders/build-classic.ts";
import { type Frontend, frontendRequest } from "../../../src/engine/builders/frontend-options.ts";

const order = (more: Partial<BuildOrder> = {}): BuildOrder => ({
  name: "web",
  tags: ["shop-web"],
  context: "/srv/shop",
  dockerfile: "/srv/shop/docker/web.Dockerfile",
  args: { A: "1" },
  labels: { l: "v" },
  ...more,
});

const own: Frontend = { isOwn: true, hasContexts: true, platform: "linux/amd64" };
const dockerd: Frontend = { ...own, isOwn: false };

describe("an order as BuildKit's options", () => {
  it("names the Dockerfile within its directory, and says what each attribute is there", () => {
    const { options, cacheImports, cacheExports, entitlements } = frontendRequest(
      order({
        target: "run",
        noCacheFilter: ["a", "b"],
        network: "host",
        shmSize: 64,
        extraHosts: { db: ["10.0.0.1", "::1"] },
        ulimits: [{ name: "nofile", soft: 1, hard: 2 }],
        contexts: { more: "/srv/more", git: "https://example.org/a.git", image: "docker-image://alpine" },
        built: { base: order({ name: "base", tags: ["other", "shop-base"] }) },
        cacheFrom: ["shop/cache", "type=registry,ref=r/x"],
        cacheTo: ["type=inline"],
        entitlements: ["security.insecure"],
      }),
      own,
    );
    expect(Object.fromEntries(options)).toEqual({
      filename: "web.Dockerfile",
      "build-arg:A": "1",
      "label:l": "v",
      target: "run",
      "no-cache": "a,b",
      "force-network-mode": "host",
      "shm-size": "64",
      "add-hosts": "db=10.0.0.1,db=::1",
      ulimit: "nofile=1:2",
      "context:more": "local:context:more",
      "context:git": "https://example.org/a.git",
      "context:image": "docker-image://alpine",
      "context:base": "docker-image://shop-base",
    });
    expect(cacheImports.map(({ attributes }) => attributes.get("ref"))).toEqual(["shop/cache", "r/x"]);
    expect(cacheExports).toEqual([{ type: "inline", attributes: new Map() }]);
    expect(entitlements).toEqual(["security.insecure", "network.host"]);
  });

  it("leaves a Dockerfile to a context that is a URL, and gives it one that is inline", () => {
    const context = "https://example.org/a.git#main";
    const { options } = frontendRequest(order({ context, dockerfile: "docker/Dockerfile" }), own);
    expect([options.get("context"), options.get("filename"), options.get("dockerfilekey")]).toEqual([
      context,
      "docker/Dockerfile",
      undefined,
    ]);
    const { dockerfile: _, ...inline } = order({ context, dockerfileInline: "FROM scratch" });
    expect(frontendRequest(inline, own).options.get("dockerfilekey")).toBe("dockerfile");
  });

  it.each<[string, Partial<BuildOrder>, Frontend, RegExp]>([
    ["provenance", { provenance: "mode=max" }, own, /attestations/],
    ["sbom", { sbom: "true" }, own, /attestations/],
    ["isolation", { isolation: "hyperv" }, own, /Windows/],
    ["additional_contexts", { contexts: { a: "oci-layout:///x" } }, own, /OCI layout/],
    ["additional_contexts", { contexts: { a: "/x" } }, { ...dockerd, hasContexts: false }, /too old/],
    ["additional_contexts", { pull: true, built: { base: order() } }, dockerd, /at a registry/],
  ])("refuses %s that this way of building has not", (attribute, more, frontend, message) => {
    expect(() => frontendRequest(order(more), frontend)).toThrow(message);
    try {
      frontendRequest(order(more), frontend);
    } catch (error) {
      expect(error).toMatchObject({ name: "BuildError", attribute });
    }
  });

  it("takes attestations that are not wanted for none", () => {
    expect(frontendRequest(order({ provenance: "false", sbom: "" }), own).options.has("attest:sbom")).toBe(false);
  });

  it.each([
    [["linux/arm64"], undefined, "linux/arm64"],
    [["linux/arm64", "linux/amd64"], undefined, "linux/amd64"],
    [["linux/arm64", "linux/amd64"], "linux/arm64", "linux/arm64"],
    [["linux/arm64", "linux/s390x"], undefined, "linux/arm64"],
  ])("builds one of %o, where %s is wanted: %s", (platforms, platform, expected) => {
    const wanted = order({ platforms, ...(platform !== undefined && { platform }) });
    expect(frontendRequest(wanted, own).options.get("platform")).toBe(expected);
    expect(classicArgs(wanted, "linux/amd64").platform).toBe(expected);
  });
});

it("allows bake to read what the order names, and nothing else", () => {
  const base = order({ name: "base.image", context: "/srv/base", dockerfile: "/srv/base/Dockerfile" });
  const words = bakeArguments(
    order({
      secrets: [
        { id: "a", file: "/run/a" },
        { id: "b", environment: "B" },
      ],
      ssh: { default: "", key: "/home/me/key" },
      contexts: { more: "/srv/more", far: "https://example.org" },
      built: { base },
      network: "host",
      builder: "mine",
    }),
  );
  expect(words.slice(0, 7)).toEqual(["buildx", "bake", "--file", "-", "--progress", "rawjson", "--builder"]);
  expect(words.filter((_, i) => words[i - 1] === "--allow")).toEqual([
    "fs.read=/srv/shop",
    "fs.read=/srv/more",
    "fs.read=/srv/shop/docker",
    "fs.read=/run/a",
    "fs.read=/home/me/key",
    "ssh",
    "network.host",
    "fs.read=/srv/base",
  ]);
  expect(words.at(-1)).toBe("web");
});
