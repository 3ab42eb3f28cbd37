import { describe, expect, it } from "vitest";
import { canonical } from "../../src/compose/canonical.ts";
import { at } from "../../src/compose/node.ts";
import { document, plain, shown } from "./document.ts";

const service = (lines: string) => `services:\n  web:\n${lines.replace(/^/gm, "    ")}\n`;

/** The long form of one attribute of a service, and what was found. */
function long(attribute: string, value: string) {
  const { node, diagnostics } = canonical(document(service(`${attribute}: ${value}`)), { lenient: false });
  const found = at(node, ["services", "web", attribute]);
  return { value: found && plain(found), diagnostics: diagnostics.map(shown) };
}

describe("the long form of a service's attribute", () => {
  it.each([
    ["build", ".", { context: "." }],
    ["build", "{additional_contexts: [a=./b]}", { additional_contexts: { a: "./b" } }],
    ["build", "{ssh: [default, k=/p]}", { ssh: { default: null, k: "/p" } }],
    ["build", "{sbom: true}", { sbom: "true" }],
    ["build", "{secrets: [s]}", { secrets: [{ source: "s" }] }],
    ["build", "{no_cache_filter: a}", { no_cache_filter: ["a"] }],
    ["depends_on", "[db]", { db: { condition: "service_started", required: true } }],
    ["depends_on", "{db: {condition: service_healthy}}", { db: { condition: "service_healthy", required: true } }],
    ["depends_on", "{db: {restart: true}}", { db: { condition: "service_started", required: true, restart: true } }],
    ["env_file", "a", [{ path: "a", required: true }]],
    [
      "env_file",
      "[a, {path: b, required: false}]",
      [
        { path: "a", required: true },
        { path: "b", required: false },
      ],
    ],
    ["label_file", "a", ["a"]],
    ["dns", "1.1.1.1", ["1.1.1.1"]],
    ["networks", "[a, b]", { a: null, b: null }],
    ["models", "[m]", { m: null }],
    ["secrets", "[s, {source: t}]", [{ source: "s" }, { source: "t" }]],
    ["configs", "[c]", [{ source: "c" }]],
    ["extends", "base", { service: "base" }],
    ["gpus", "all", [{ count: "all" }]],
    ["devices", '["/dev/a:/dev/b"]', [{ source: "/dev/a", target: "/dev/b", permissions: "rwm" }]],
    ["volumes", "[vol:/data]", [{ type: "volume", source: "vol", target: "/data", volume: {} }]],
    ["ports", "[80]", [{ target: 80, protocol: "tcp", mode: "ingress" }]],
    [
      "ports",
      '["81-82:81-82", {target: 5}]',
      [
        { target: 81, published: "81", protocol: "tcp", mode: "ingress" },
        { target: 82, published: "82", protocol: "tcp", mode: "ingress" },
        { target: 5 },
      ],
    ],
    [
      "develop",
      "{watch: [{path: a, action: rebuild, ignore: b}]}",
      { watch: [{ path: "a", action: "rebuild", ignore: ["b"] }] },
    ],
    // Text or list stays as it is: decode knows what they mean.
    ["command", "a b", "a b"],
    ["environment", "[A=1]", ["A=1"]],
  ])("%s: %s", (attribute, value, expected) => {
    expect(long(attribute, value)).toEqual({ value: expected, diagnostics: [] });
  });

  it.each([
    ["ports", "[a]", "invalid-port: services.web.ports: invalid containerPort: a"],
    ["ports", "[8.5]", "invalid-port: services.web.ports: invalid type float for port"],
    [
      "volumes",
      '["aa:bb:cc:dd"]',
      "invalid-mount: services.web.volumes[0]: invalid spec: aa:bb:cc:dd: too many colons",
    ],
    [
      "devices",
      '["a:b:c:d"]',
      "invalid-device: services.web.devices[0]: confusing device mapping, please use long syntax: a:b:c:d",
    ],
    ["build", "{ssh: [k]}", 'invalid-ssh: services.web.build.ssh: invalid ssh key "k"'],
    [
      "build",
      "{additional_contexts: [k]}",
      "invalid-pair: services.web.build.additional_contexts: invalid value k, expected key=value",
    ],
  ])("%s: %s is refused at its place", (attribute, value, message) => {
    const [found] = long(attribute, value).diagnostics;
    expect(found).toContain(message);
    expect(found).toMatch(/^3:\d+: /);
  });

  it("stays a text that does not parse where variables may stand in it", () => {
    const text = service('ports: ["$PORT:80"]\nvolumes: ["aa:bb:cc:dd"]');
    const { node, diagnostics } = canonical(document(text), { lenient: true });
    expect(diagnostics).toEqual([]);
    expect(plain(at(node, ["services", "web"]) ?? node)).toEqual({ ports: ["$PORT:80"], volumes: ["aa:bb:cc:dd"] });
  });

  it("bears the place that it was made from", () => {
    const { node } = canonical(document(service("depends_on:\n  - db")), { lenient: false });
    const text = node.span.source.text;
    const made = at(node, ["services", "web", "depends_on"]);
    const key = made?.kind === "mapping" ? made.entries.get("db")?.keySpan : undefined;
    expect(key && text.slice(key.start, key.end)).toBe("db");
  });
});

describe("an external resource", () => {
  const external = (text: string) => {
    const { node, diagnostics } = canonical(document(text), { lenient: false });
    return { value: plain(node), diagnostics: diagnostics.map(shown) };
  };

  it("may be named in the old form, with a warning", () => {
    expect(external("networks: {n: {external: {name: real}}}")).toEqual({
      value: { networks: { n: { external: true, name: "real" } } },
      diagnostics: [
        "1:26: deprecated-external: networks.n: external.name is deprecated. Please set name and external: true [write external: true, and name beside it]",
      ],
    });
  });

  it("cannot have two names", () => {
    const { diagnostics } = external("volumes: {v: {name: a, external: {name: b}}}");
    expect(diagnostics).toEqual([
      '1:41: external-name-conflict: volumes.v: name and external.name conflict; only use name [is it "a" or "b"?]',
    ]);
  });
});
