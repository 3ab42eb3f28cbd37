import { describe, expect, it } from "vitest";
import { familiarName, formatReference, parseReference, pullArguments } from "../../src/engine/reference.ts";

const digest = `sha256:${"ab".repeat(32)}`;

describe("an image reference", () => {
  it.each([
    ["nginx", "docker.io", "library/nginx", undefined, undefined, "nginx:latest"],
    ["nginx:1.27", "docker.io", "library/nginx", "1.27", undefined, "nginx:1.27"],
    ["me/app", "docker.io", "me/app", undefined, undefined, "me/app:latest"],
    ["docker.io/nginx", "docker.io", "library/nginx", undefined, undefined, "nginx:latest"],
    ["index.docker.io/library/nginx", "docker.io", "library/nginx", undefined, undefined, "nginx:latest"],
    ["docker.io/library/a/b", "docker.io", "library/a/b", undefined, undefined, "library/a/b:latest"],
    ["localhost:5000/x", "localhost:5000", "x", undefined, undefined, "localhost:5000/x:latest"],
    ["localhost/x:1", "localhost", "x", "1", undefined, "localhost/x:1"],
    ["Registry/x", "Registry", "x", undefined, undefined, "Registry/x:latest"],
    [`ghcr.io/a/b_c/d--e:v1@${digest}`, "ghcr.io", "a/b_c/d--e", "v1", digest, `ghcr.io/a/b_c/d--e:v1@${digest}`],
    [`nginx@${digest}`, "docker.io", "library/nginx", undefined, digest, `nginx@${digest}`],
    ["[::1]:5000/x", "[::1]:5000", "x", undefined, undefined, "[::1]:5000/x:latest"],
  ])("%s has a registry, a repository, a tag and a digest", (text, registry, repository, tag, itsDigest, shown) => {
    const reference = parseReference(text);
    expect([reference.registry, reference.repository, reference.tag, reference.digest]).toEqual([
      registry,
      repository,
      tag,
      itsDigest,
    ]);
    expect(formatReference(reference)).toBe(shown);
  });

  it.each([
    ["", "expected [registry/]name"],
    ["Nginx", "lower case"],
    ["nginx:", "is not a tag"],
    ["nginx:a b", "is not a tag"],
    ["nginx@sha256:12", "is not a digest"],
    ["a//b", "expected [registry/]name"],
    ["a/-b", "expected [registry/]name"],
    ["bad_host.example/x", "is not a registry"],
    ["ab".repeat(32), "it is an image id"],
    ["a".repeat(256), "longer than 255"],
  ])('"%s" is refused, and it is said why', (text, why) => {
    expect(() => parseReference(text)).toThrow(why);
  });

  it("is pulled by its digest, else its tag, else latest", () => {
    expect(pullArguments(parseReference(`nginx:1@${digest}`))).toEqual({ fromImage: "nginx", tag: digest });
    expect(pullArguments(parseReference("localhost:5000/a/b:2"))).toEqual({
      fromImage: "localhost:5000/a/b",
      tag: "2",
    });
    expect(pullArguments(parseReference("nginx"))).toEqual({ fromImage: "nginx", tag: "latest" });
    expect(familiarName(parseReference("docker.io/me/app"))).toBe("me/app");
  });
});
