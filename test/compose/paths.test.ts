import { describe, expect, it } from "vitest";
import { rebasePaths, resolvePaths } from "../../src/compose/paths.ts";
import { document, plain, shown } from "./document.ts";

const resolved = (text: string) => plain(resolvePaths(document(text), "/project", "/home/me").node);
const service = (line: string) => `services: {web: {${line}}}`;
const inService = (value: unknown) => ({ services: { web: value } });

describe("a path in a compose file", () => {
  it.each([
    ["build: {context: ./a/../b/}", { build: { context: "/project/b" } }],
    ["build: {context: .}", { build: { context: "/project" } }],
    ["build: {context: ../up}", { build: { context: "/up" } }],
    ["build: {context: ~/a/}", { build: { context: "/home/me/a" } }],
    ["build: {context: ~you}", { build: { context: "/home/me/you" } }],
    ["build: {context: /a/../b/}", { build: { context: "/a/../b/" } }],
    ["build: {context: 'https://example.com/a.git'}", { build: { context: "https://example.com/a.git" } }],
    ["build: {context: github.com/a/b}", { build: { context: "github.com/a/b" } }],
    ["build: {context: 'git@h:a'}", { build: { context: "git@h:a" } }],
    [
      "build: {additional_contexts: {a: ./a, b: 'docker-image://x', c: 'service:d'}}",
      { build: { additional_contexts: { a: "/project/a", b: "docker-image://x", c: "service:d" } } },
    ],
    ["build: {ssh: {k: ./k, default: }}", { build: { ssh: { k: "/project/k", default: null } } }],
    ["build: {dockerfile: ./a/Dockerfile}", { build: { dockerfile: "./a/Dockerfile" } }],
    ["env_file: [{path: ./a.env}, {path: ''}]", { env_file: [{ path: "/project/a.env" }, { path: "" }] }],
    ["label_file: [a]", { label_file: ["/project/a"] }],
    [
      "volumes: [{type: bind, source: ./a}, {type: bind, source: 'C:\\a'}, {type: volume, source: a}]",
      {
        volumes: [
          { type: "bind", source: "/project/a" },
          { type: "bind", source: "C:\\a" },
          { type: "volume", source: "a" },
        ],
      },
    ],
    ["develop: {watch: [{path: ./src/}]}", { develop: { watch: [{ path: "/project/src" }] } }],
    ["credential_spec: {file: ./a}", { credential_spec: { file: "./a" } }],
  ])("%s", (line, expected) => {
    expect(resolved(service(line))).toEqual(inService(expected));
  });

  it("is resolved in secrets, configs and bound volumes of the local driver", () => {
    expect(
      resolved(`secrets: {s: {file: ./s}}
configs: {c: {file: /c}}
volumes:
  bound: {driver: local, driver_opts: {o: bind, device: ./d}}
  nfs: {driver: local, driver_opts: {o: addr=1, device: ./d}}
  implied: {driver_opts: {o: bind, device: ./d}}`),
    ).toEqual({
      secrets: { s: { file: "/project/s" } },
      configs: { c: { file: "/c" } },
      volumes: {
        bound: { driver: "local", driver_opts: { o: "bind", device: "/project/d" } },
        nfs: { driver: "local", driver_opts: { o: "addr=1", device: "./d" } },
        implied: { driver_opts: { o: "bind", device: "./d" } },
      },
    });
  });

  it("must not be missing in a bind mount", () => {
    const { diagnostics } = resolvePaths(document(service("volumes: [{type: bind, target: /a}]")), "/project", "/");
    expect(diagnostics.map(shown)).toEqual([
      '1:28: missing-source: services.web.volumes[0]: invalid mount config for type "bind": field Source must not be empty [give the mount a source]',
    ]);
  });

  it("means the same when a service is extended from another directory", () => {
    const text = service(
      "build: {context: .}, env_file: [{path: ../a.env}], extends: {service: x, file: b.yaml}, volumes: [{type: bind, source: ~/x}]",
    );
    expect(plain(rebasePaths(document(text), "/project/sub", "/project"))).toEqual(
      inService({
        build: { context: "sub" },
        env_file: [{ path: "a.env" }],
        extends: { service: "x", file: "sub/b.yaml" },
        volumes: [{ type: "bind", source: "~/x" }],
      }),
    );
  });
});
