import { describe, expect, it } from "vitest";
import type { Service } from "../../src/compose/model.ts";
import { shown } from "./document.ts";
import { project } from "./project.ts";

/** The attributes of a service that are not there without these lines. */
function decoded(lines: string): Partial<Service> {
  const { project: model, diagnostics } = project(`services:\n  web:\n${lines.replace(/^/gm, "    ")}\n`);
  expect(diagnostics).toEqual([]);
  const service = model.services.get("web");
  if (service === undefined) throw new Error("no service");
  const { name: _name, networks: _networks, extensions: _extensions, ...rest } = service;
  return rest;
}

const extensions = new Map();
const bare = { command: null, entrypoint: null };

describe("a service in the model", () => {
  it.each([
    ["image: a", { image: "a" }],
    ["image: ''", {}],
    ["command: echo 'a b'", { command: ["echo", "a b"] }],
    ["command: [a, b c]", { command: ["a", "b c"] }],
    ["command: []", { command: [] }],
    ["command: ''", { command: [] }],
    ["entrypoint: ", {}],
    ["tty: true\nstdin_open: 'yes'", { tty: true, stdin_open: true }],
    ["mem_limit: 1.5g\nshm_size: 64", { mem_limit: 1610612736, shm_size: 64 }],
    ["stop_grace_period: 1m30s", { stop_grace_period: 90e9 }],
    ["cpus: '0.5'\ncpu_shares: 10", { cpus: 0.5, cpu_shares: 10 }],
    [
      "environment: {A: 1, B: true, C: , D: ''}",
      {
        environment: new Map([
          ["A", "1"],
          ["B", "true"],
          ["C", null],
          ["D", ""],
        ]),
      },
    ],
    [
      "environment: [A=1, B, C=a=b]",
      {
        environment: new Map([
          ["A", "1"],
          ["B", null],
          ["C", "a=b"],
        ]),
      },
    ],
    [
      "labels: [a=1, b]",
      {
        labels: new Map([
          ["a", "1"],
          ["b", ""],
        ]),
      },
    ],
    [
      "extra_hosts: {a: 1.1.1.1, b: ['[::1]', 2.2.2.2]}",
      {
        extra_hosts: new Map([
          ["a", ["1.1.1.1"]],
          ["b", ["::1", "2.2.2.2"]],
        ]),
      },
    ],
    ["dns: ['', 1.1.1.1]", { dns: ["1.1.1.1"] }],
    ["dns_search: a", { dns_search: ["a"] }],
    ["expose: [80, '81']", { expose: ["80", "81"] }],
    [
      "healthcheck: {test: curl x, interval: 1s, retries: 3}",
      { healthcheck: { test: ["CMD-SHELL", "curl x"], interval: 1e9, retries: 3, extensions } },
    ],
    ["healthcheck: {test: [NONE]}", { healthcheck: { test: ["NONE"], extensions } }],
    [
      "secrets: [{source: s, mode: '0440'}]",
      { secrets: [{ source: "s", target: "/run/secrets/s", mode: 0o440, extensions }] },
    ],
    [
      "secrets: [{source: s, mode: 288}]",
      { secrets: [{ source: "s", target: "/run/secrets/s", mode: 288, extensions }] },
    ],
    [
      "ulimits: {nofile: 5, nproc: {soft: 1, hard: 2}}",
      {
        ulimits: new Map([
          ["nofile", { soft: 5, hard: 5, single: true }],
          ["nproc", { soft: 1, hard: 2, single: false }],
        ]),
      },
    ],
    ["gpus: all", { gpus: [{ count: -1 }] }],
    ["gpus: [{count: '2'}]", { gpus: [{ count: 2 }] }],
    [
      "ports: [{target: 80, published: 8080}]",
      { ports: [{ target: 80, published: "8080", protocol: "tcp", mode: "ingress", extensions }] },
    ],
    [
      "provider: {type: p, options: {a: 1, b: [x, 2]}}",
      {
        provider: {
          type: "p",
          options: new Map([
            ["a", ["1"]],
            ["b", ["x", "2"]],
          ]),
          extensions,
        },
      },
    ],
    ["post_start: [{command: a 'b c'}]", { post_start: [{ command: ["a", "b c"], extensions }] }],
    ["scale: 2\ndeploy: {mode: replicated}", { scale: 2, deploy: { mode: "replicated", replicas: 2, extensions } }],
    [
      "volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1k, mode: 1023}}]",
      { volumes: [{ type: "tmpfs", target: "/t", tmpfs: { size: 1024, mode: 1023, extensions }, extensions }] },
    ],
  ])("%s", (lines, expected) => {
    expect(decoded(lines)).toEqual({ ...bare, ...expected });
  });

  it("keeps extensions of any depth", () => {
    const { project: model } = project("services: {x-web: {x-a: {b: [1, null]}}}\nx-top: {c: true}");
    expect(model.services.get("x-web")?.extensions).toEqual(new Map([["x-a", new Map([["b", [1, null]]])]]));
    expect(model.extensions).toEqual(new Map([["x-top", new Map([["c", true]])]]));
  });

  it.each([
    [
      "stop_grace_period: '10'",
      '3:24: invalid-duration: services.web.stop_grace_period: missing unit in duration "10" [write a number with a unit: 500ms, 10s, 1m30s, 2h, 1d]',
    ],
    [
      "mem_limit: 5x",
      "3:16: invalid-size: services.web.mem_limit: invalid size: '5x' [write bytes, or a number with a unit: 64m, 1.5g]",
    ],
    [
      "command: echo 'a",
      "3:14: invalid-command: services.web.command: invalid command line string [close every quote and parenthesis, or write the command as a list]",
    ],
    ["attach: maybe", "3:13: invalid-boolean: services.web.attach: invalid boolean: maybe [write true or false]"],
    [
      "extra_hosts: [a]",
      "3:18: invalid-host: services.web.extra_hosts: invalid additional host, missing IP: a [write HOST=ADDRESS]",
    ],
    [
      "configs: [{source: c, mode: '9'}]",
      '3:33: invalid-mode: services.web.configs[0].mode: "9" are no permission bits [write them in octal: "0440"]',
    ],
    [
      "gpus: [{count: some}]",
      "3:20: invalid-count: services.web.gpus[0].count: invalid value \"some\", the only value allowed is 'all' or a number [write all, or how many]",
    ],
    [
      "ulimits: {nofile: {soft: a, hard: 1}}",
      '3:30: invalid-number: services.web.ulimits.nofile.soft: "a" is not a whole number [write a whole number]',
    ],
  ])("%s is refused at its place", (line, message) => {
    const { diagnostics } = project(`services:\n  web:\n    ${line}\n`);
    expect(diagnostics.map(shown)).toEqual([message]);
  });
});

describe("the model's resources", () => {
  it("have names and values of their types", () => {
    const { project: model } = project(`networks:
  n: {ipam: {config: [{subnet: 10.0.0.0/8, aux_addresses: {a: 10.0.0.1}}]}, internal: true, labels: [a]}
volumes: {v: {driver_opts: {size: 5}}}
secrets: {s: {environment: S}}
configs: {c: {content: ""}}
models: {m: {model: ai/m}}`);
    expect(model.networks.get("n")).toEqual({
      name: "shop_n",
      ipam: {
        config: [{ subnet: "10.0.0.0/8", aux_addresses: new Map([["a", "10.0.0.1"]]), extensions }],
        extensions,
      },
      internal: true,
      labels: new Map([["a", ""]]),
      extensions,
    });
    expect(model.volumes.get("v")).toEqual({ name: "shop_v", driver_opts: new Map([["size", "5"]]), extensions });
    expect(model.secrets.get("s")).toEqual({ name: "shop_s", environment: "S", extensions });
    expect(model.configs.get("c")).toEqual({ name: "shop_c", content: "", extensions });
    expect(model.models.get("m")).toEqual({ name: "m", model: "ai/m", extensions });
  });
});
