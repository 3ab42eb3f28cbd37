import { describe, expect, it } from "vitest";
import { validate } from "../../src/compose/validate.ts";
import { document, shown } from "./document.ts";

const findings = (text: string) => validate(document(text)).map(shown);

/** A service `web` with the given lines. */
const service = (lines: string) => `services:\n  web:\n${lines.replace(/^/gm, "    ")}\n`;

describe("what the schema says of a compose file", () => {
  it("accepts every short form", () => {
    const text = service(`image: a
build: .
command: a b
entrypoint: [a, b]
environment: [A=1, B]
labels: {a: 1, b: true, c: null}
ports: [80, "80:80", {target: 80, published: 8080}]
volumes: [/a, "./a:/b", {type: bind, source: ./a, target: /c}, {type: bind, source: ./a, target: /d}]
depends_on: [db]
networks: [n]
env_file: a.env
dns: 1.1.1.1
tmpfs: /run
gpus: all
extends: {service: x}
extra_hosts: {a: 1.1.1.1, b: [1.1.1.1, "::1"]}
ulimits: {nofile: 5, nproc: {soft: 1, hard: 2}}
healthcheck: {test: curl x, interval: 1s}
devices: [/dev/a, {source: /dev/b}]
secrets: [s, {source: t, mode: 0440}]
deploy:
x-anything: {at: all}`);
    expect(findings(`name: p\n${text}volumes: {v: }\nnetworks: {n: , "any name": 1}\nx-more: 1\n`)).toEqual([]);
  });

  it.each([
    [
      "an unknown attribute is named with the nearest known one",
      service("iamge: a"),
      ['3:5: unknown-attribute: unknown attribute "iamge" in services.web [did you mean "image"?]'],
    ],
    [
      "an unknown attribute of a nested mapping too",
      service("deploy: {resources: {limits: {cpu: 1}}}"),
      [
        '3:35: unknown-attribute: unknown attribute "cpu" in services.web.deploy.resources.limits [did you mean "cpus"?]',
      ],
    ],
    [
      "an attribute of another place is not suggested",
      service("net: host"),
      ['3:5: unknown-attribute: unknown attribute "net" in services.web'],
    ],
    [
      "an unknown section of the file",
      "service: {}",
      ['1:1: unknown-attribute: unknown attribute "service" at the top level [did you mean "services"?]'],
    ],
    [
      "a service's name with a blank",
      'services: {"a b": {image: a}}',
      ["1:12: unknown-attribute: services: the name \"a b\" is not allowed [use letters, digits, '.', '_' and '-']"],
    ],
    [
      "a number where a string belongs is to be quoted as it was written",
      "version: 3.80",
      ['1:10: wrong-type: version must be a string, but is the number 3.8 [put it in quotes: "3.80"]'],
    ],
    ["a list where a mapping belongs", "services: []", ["1:11: wrong-type: services must be a mapping, but is a list"]],
    [
      "an empty section",
      "services:\n  web: {image: a}\nvolumes:\n",
      ["3:9: wrong-type: volumes must be a mapping, but is empty [give it a value, or remove it]"],
    ],
    [
      "a text where a mapping or list belongs",
      service("environment: A=1"),
      ["3:18: wrong-type: services.web.environment must be a mapping or a list, but is a string"],
    ],
    [
      "only the written form of an attribute is judged",
      service("build: {context: ., arg: {A: 1}}"),
      ['3:25: unknown-attribute: unknown attribute "arg" in services.web.build [did you mean "args"?]'],
    ],
    [
      "an item of a list",
      service("volumes: [5, {type: bund, target: /a}]"),
      [
        '3:15: wrong-type: services.web.volumes[0] must be a string or a mapping, but is the number 5 [put it in quotes: "5"]',
        '3:25: invalid-value: services.web.volumes[1].type must be one of "bind", "volume", "tmpfs", "cluster", "npipe", "image" [did you mean "bind"?]',
      ],
    ],
    [
      "a missing attribute is placed at the mapping's key",
      service("depends_on: {db: {}}"),
      ['3:18: missing-attribute: services.web.depends_on.db: missing attribute "condition" [add "condition"]'],
    ],
    [
      "a number out of range",
      service("oom_score_adj: 1001"),
      ["3:20: invalid-value: services.web.oom_score_adj must be at most 1000"],
    ],
    [
      "a repeated entry",
      service("security_opt: [a, b, a]"),
      ["3:26: duplicate-entry: services.web.security_opt: the entries 0 and 2 are equal [remove one of them]"],
    ],
    [
      "a repeated mapping in a list",
      service("ports: [{target: 80}, {target: 80}]"),
      ["3:27: duplicate-entry: services.web.ports: the entries 0 and 1 are equal [remove one of them]"],
    ],
    [
      "a name that is too short",
      service("container_name: a"),
      ['3:21: invalid-value: services.web.container_name: "a" does not match [a-zA-Z0-9][a-zA-Z0-9_.-]+'],
    ],
    [
      "devices need capabilities, and take no other keys",
      service("deploy: {resources: {reservations: {devices: [{cont: 1}]}}}"),
      [
        '3:51: missing-attribute: services.web.deploy.resources.reservations.devices[0]: missing attribute "capabilities" [add "capabilities"]',
        '3:52: unknown-attribute: unknown attribute "cont" in services.web.deploy.resources.reservations.devices[0] [did you mean "count"?]',
      ],
    ],
  ])("%s", (_title, text, expected) => {
    expect(findings(text)).toEqual(expected);
  });

  it("every finding comes at once", () => {
    expect(findings(service("imag: a\nprivileged: 1\nhealthcheck: {interval: 30}"))).toHaveLength(3);
  });

  it("names of JavaScript's objects are ordinary names", () => {
    const text = "services: {constructor: {image: a}, toString: {image: a}, __proto__: {labels: {__proto__: 1}}}";
    expect(findings(text)).toEqual([]);
    expect(findings("services: {web: {constructor: a}}")).toEqual([
      '1:18: unknown-attribute: unknown attribute "constructor" in services.web',
    ]);
  });
});
