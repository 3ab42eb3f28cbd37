import { describe, expect, it } from "vitest";
import { checkDocument, checkProject } from "../../src/compose/check.ts";
import { applyProfiles } from "../../src/compose/select.ts";
import { document, shown } from "./document.ts";
import { project } from "./project.ts";

describe("a rule of one attribute or resource", () => {
  it.each([
    [
      "volumes: {v: {external: true, name: x, driver: d, x-a: 1}}",
      '1:40: external-conflict: volumes.v: conflicting parameters "external" and "driver" specified [remove "driver": an external volume is not made here]',
    ],
    [
      "configs: {c: {file: a, content: b}}",
      "1:24: exclusive-attributes: configs.c: file|environment|content attributes are mutually exclusive [keep one of them]",
    ],
    [
      "configs: {c: {}}",
      "1:14: missing-source: configs.c: one of file|environment|content must be set [add one of them]",
    ],
    ["secrets: {s: {}}", "1:14: missing-source: secrets.s: one of file|environment must be set [add one of them]"],
    [
      "services: {web: {ports: [{host_ip: '[::1]', target: 80}]}}",
      "1:36: invalid-address: services.web.ports: invalid ip address: [::1] [write an IPv4 or IPv6 address without brackets]",
    ],
    [
      "services: {web: {develop: {watch: [{path: '', action: rebuild}]}}}",
      "1:43: empty-path: services.web.develop.watch: path can't be blank [name a file or a directory]",
    ],
    [
      "services: {web: {gpus: [{count: 1, device_ids: [a]}]}}",
      '1:36: exclusive-attributes: services.web.gpus: "count" and "device_ids" attributes are exclusive [keep one of them]',
    ],
  ])("%s", (text, message) => {
    expect(checkDocument(document(text)).map(shown)).toEqual([message]);
  });

  it.each([
    "volumes: {v: {external: true, name: x, x-a: 1}}",
    "networks: {n: {external: true, driver: d}}",
    "secrets: {s: {external: true}, t: {driver: d}}",
    "services: {web: {ports: [{host_ip: '::1', target: 80}, {target: 80}]}}",
  ])("%s is fine", (text) => {
    expect(checkDocument(document(text))).toEqual([]);
  });
});

/** What is wrong with a project whose active profile is `on`. */
function findings(text: string): string[] {
  const { project: model, diagnostics, locate } = project(text);
  expect(diagnostics).toEqual([]);
  return checkProject(applyProfiles(model, ["on"]), locate).map(shown);
}

describe("a rule across a project", () => {
  it.each([
    [
      "services: {web: {}}",
      [
        '1:12: missing-image: service "web" has neither an image nor a build context specified [give it an image or a build section]',
      ],
    ],
    [
      "services: {web: {image: a, depends_on: [dbb]}, db: {image: a}}",
      ['1:41: undefined-service: service "web" depends on undefined service "dbb" [did you mean "db"?]'],
    ],
    [
      "services: {web: {image: a, links: [db2]}, db: {image: a}}",
      ['1:36: undefined-service: service "web" depends on undefined service "db2" [did you mean "db"?]'],
    ],
    [
      "services: {web: {image: a, network_mode: service:x}}",
      [
        '1:42: undefined-service: service "web" depends on undefined service "x" [declare it below the top-level services]',
      ],
    ],
    [
      "services: {web: {image: a, depends_on: {db: {condition: service_healthy}}}, db: {image: a, profiles: [p, q]}}",
      [
        '1:41: disabled-service: service "db" is required by "web" but is disabled [it can be enabled by profiles [p q]]',
      ],
    ],
    [
      "services: {web: {image: a, depends_on: {db: {condition: service_healthy, required: false}}}, db: {image: a, profiles: [p]}}",
      [],
    ],
    [
      "services: {web: {image: a, networks: [fornt]}}\nnetworks: {front: }",
      ['1:39: undefined-network: service "web" refers to undefined network fornt [did you mean "front"?]'],
    ],
    [
      "services: {web: {image: a, volumes: ['data:/d']}}",
      [
        '1:38: undefined-volume: service "web" refers to undefined volume data [declare it below the top-level volumes]',
      ],
    ],
    [
      "services: {web: {image: a, volumes: [{type: volume, source: data, target: /d}]}}",
      [
        '1:61: undefined-volume: service "web" refers to undefined volume data [declare it below the top-level volumes]',
      ],
    ],
    [
      "services: {web: {image: a, secrets: [s], configs: [c], models: [m], build: {context: ., secrets: [t]}}}",
      [
        '1:38: undefined-secret: service "web" refers to undefined secret s [declare it below the top-level secrets]',
        '1:99: undefined-secret: service "web" refers to undefined build secret t [declare it below the top-level secrets]',
        '1:52: undefined-config: service "web" refers to undefined config c [declare it below the top-level configs]',
        '1:65: undefined-model: service "web" refers to undefined model m [declare it below the top-level models]',
      ],
    ],
    [
      "services: {web: {image: a, network_mode: host, networks: [n]}}\nnetworks: {n: }",
      [
        "1:42: exclusive-attributes: service web declares mutually exclusive `network_mode` and `networks` [keep one of them]",
      ],
    ],
    [
      "services: {web: {build: {dockerfile: a, dockerfile_inline: b}}}",
      [
        '1:38: exclusive-attributes: service "web" declares mutually exclusive dockerfile and dockerfile_inline [keep one of them]',
      ],
    ],
    [
      "services: {web: {build: {additional_contexts: {a: 'service:db', b: 'service:x'}}}, db: {image: a}}",
      [
        '1:51: undefined-context: service "web" declares non-buildable service "db" as additional context a [give "db" a build section]',
        '1:68: undefined-context: service "web" declares unknown service "x" as additional context b [declare it below the top-level services]',
      ],
    ],
    [
      "services: {web: {platform: linux/arm64, build: {platforms: [linux/amd64]}}}",
      [
        `1:49: unsupported-platform: services.web: build.platforms must include the service's platform "linux/arm64" [add "linux/arm64" to them]`,
      ],
    ],
    [
      "services: {web: {image: a, healthcheck: {test: [curl, x]}}}",
      [
        '1:49: invalid-healthcheck: services.web: healthcheck.test must start either by "CMD", "CMD-SHELL" or "NONE" [write ["CMD", "curl", …]]',
      ],
    ],
    [
      "services: {web: {image: a, scale: 2, deploy: {replicas: 3}}}",
      [
        "1:35: conflicting-values: services.web: can't set distinct values on 'scale' and 'deploy.replicas' [they are 2 and 3]",
      ],
    ],
    [
      "services: {web: {image: a, scale: -1}}",
      ["1:35: negative-scale: services.web.scale: must be greater than or equal to 0 [0 runs no container]"],
    ],
    [
      "services: {web: {image: a, cpus: 1, deploy: {resources: {limits: {cpus: '2'}}}}}",
      [
        "1:34: conflicting-values: services.web: can't set distinct values on 'cpus' and 'deploy.resources.limits.cpus' [they are 1 and 2]",
      ],
    ],
    [
      "services: {web: {image: a, mem_limit: 1g, deploy: {resources: {limits: {cpus: 1}}}}}",
      [
        "1:39: conflicting-values: services.web: can't set distinct values on 'mem_limit' and 'deploy.resources.limits.memory' [add memory there too]",
      ],
    ],
    [
      "services: {web: {image: a, container_name: c, scale: 2}}",
      [
        "1:44: fixed-name: services.web.scale: can't set container_name and scale 2, as container name must be unique [remove container_name, or run one container]",
      ],
    ],
    [
      "services: {a: {image: a, container_name: cc}, b: {image: a, container_name: cc}}",
      [
        '1:77: duplicate-container-name: services.b: container name "cc" is already in use by service "a" [container names are unique on an engine]',
      ],
    ],
    [
      "services: {web: {image: a, develop: {watch: [{path: a, action: sync}, {path: a, action: rebuild}]}}}",
      [
        "1:64: missing-target: services.web.develop.watch: target is required for non-rebuild actions [say where the files go in the container]",
      ],
    ],
    [
      "services: {web: {image: a, tmpfs: ['/a:size=1m'], volumes: ['/a/']}}",
      [
        "1:61: duplicate-mount: services.web.volumes[0]: target /a already mounted as services.web.tmpfs[0] [remove one of them]",
      ],
    ],
    [
      "secrets: {s: {driver: d}}",
      ['1:11: missing-source: secret "s" must declare either `file` or `environment` [add one of them]'],
    ],
    [
      "services: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [a]}}",
      ["1:39: dependency-cycle: dependency cycle detected: a -> b -> a [one of them has to come first]"],
    ],
    [
      "services: {a: {image: x, depends_on: [a]}}",
      ["1:39: dependency-cycle: dependency cycle detected: a -> a [one of them has to come first]"],
    ],
  ])("%s", (text, messages) => {
    expect(findings(text)).toEqual(messages);
  });

  it("does not look at disabled services", () => {
    expect(findings("services: {web: {image: a}, off: {profiles: [p], depends_on: [nobody]}}")).toEqual([]);
    expect(findings("services: {off: {profiles: ['on']}}")).toHaveLength(1);
  });
});
