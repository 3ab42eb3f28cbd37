import { describe, expect, it } from "vitest";
import { at } from "../../src/compose/node.ts";
import { normalise, resolveEnvironment } from "../../src/compose/normalise.ts";
import { document, plain } from "./document.ts";

const environment = new Map([
  ["SET", "value"],
  ["EMPTY", ""],
]);

const normal = (text: string) => normalise(document(text), "shop", environment);

/** A service without a network of its own after normalising. */
function service(lines: string) {
  const node = normal(`services:\n  web:\n    network_mode: none\n${lines.replace(/^/gm, "    ")}\n`);
  const { network_mode: _, ...rest } = plain(at(node, ["services", "web"]) ?? node) as Record<string, unknown>;
  return rest;
}

describe("what a compose file implies", () => {
  it("services without networks share the default network", () => {
    expect(
      plain(normal("services: {a: {image: x}, b: {networks: {}}, c: {networks: {n: }}}\nnetworks: {n: }")),
    ).toEqual({
      services: {
        a: { image: "x", networks: { default: null } },
        b: { networks: { default: null } },
        c: { networks: { n: null } },
      },
      networks: { n: { name: "shop_n" }, default: { name: "shop_default" } },
    });
  });

  it("there is no default network where nobody uses it", () => {
    const node = normal("services: {a: {network_mode: host}, b: {provider: {type: x}}}");
    expect(at(node, ["networks"])).toBeUndefined();
  });

  it("resources are named after the project, unless they have a name or are external", () => {
    const text = "volumes: {a: , b: {name: x}, c: {external: true}, d: {external: true, name: y}}";
    expect(plain(normal(text))).toEqual({
      volumes: {
        a: { name: "shop_a" },
        b: { name: "x" },
        c: { external: true, name: "c" },
        d: { external: true, name: "y" },
      },
    });
  });

  it.each([
    ["pull_policy: if_not_present", { pull_policy: "missing" }],
    ["build: {context: /a}", { build: { context: "/a", dockerfile: "Dockerfile" } }],
    ["build: {dockerfile_inline: FROM x}", { build: { context: ".", dockerfile_inline: "FROM x" } }],
    [
      "build: {context: /a, dockerfile: D, args: {A: 1, SET: , UNSET: }}",
      { build: { context: "/a", dockerfile: "D", args: { A: 1, SET: "value" } } },
    ],
    [
      "build: {context: /a, dockerfile: D, args: [A=1, SET, UNSET]}",
      { build: { context: "/a", dockerfile: "D", args: ["A=1", "SET=value"] } },
    ],
    ["environment: {A: 1, SET: , EMPTY: , UNSET: }", { environment: { A: 1, SET: "value", EMPTY: "", UNSET: null } }],
    ["environment: [SET, UNSET]", { environment: ["SET=value", "UNSET"] }],
    ["volumes: [{target: /a/../b/}]", { volumes: [{ target: "/b" }] }],
    [
      "image: a\npre_start: [{command: x}, {command: x, image: b}]",
      {
        image: "a",
        pre_start: [
          { command: "x", image: "a" },
          { command: "x", image: "b" },
        ],
      },
    ],
    [
      "links: [db, 'cache:c']",
      {
        links: ["db", "cache:c"],
        depends_on: {
          db: { condition: "service_started", restart: true, required: true },
          cache: { condition: "service_started", restart: true, required: true },
        },
      },
    ],
    [
      "pid: service:a\nvolumes_from: ['b:ro', 'container:c']",
      {
        pid: "service:a",
        volumes_from: ["b:ro", "container:c"],
        depends_on: {
          a: { condition: "service_started", restart: true, required: true },
          b: { condition: "service_started", required: true },
        },
      },
    ],
    [
      "ipc: service:a\ndepends_on: {a: {condition: service_healthy}}",
      { ipc: "service:a", depends_on: { a: { condition: "service_healthy" } } },
    ],
  ])("%s", (lines, expected) => {
    expect(service(lines)).toEqual(expected);
  });
});

describe("a model's own environment", () => {
  it("gives values to list entries, secrets and configs", () => {
    const text = `services: {web: {environment: [SET, UNSET, A=1]}, api: {environment: {SET: }}}
secrets: {s: {environment: SET}, t: {environment: UNSET}}
configs: {c: {environment: EMPTY}}`;
    expect(plain(resolveEnvironment(document(text), environment))).toEqual({
      services: { web: { environment: ["SET=value", "UNSET", "A=1"] }, api: { environment: { SET: null } } },
      secrets: { s: { environment: "SET", content: "value" }, t: { environment: "UNSET" } },
      configs: { c: { environment: "EMPTY", content: "" } },
    });
  });
});
