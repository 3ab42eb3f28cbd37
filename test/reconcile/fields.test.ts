import { describe, expect, it } from "vitest";
import { changedFields, fieldDigests, fieldsText, parseFields } from "../../src/reconcile/fields.ts";
import { imageReference } from "../../src/reconcile/names.ts";
import { projectOf } from "./project.ts";

const base = `
services:
  web:
    image: nginx
    environment: {PORT: "80", TOKEN: "correct horse"}
    labels: {a: b}
    ports: ["80:80", "443:443"]
    expose: ["9000"]
    volumes: [data:/data, ./src:/src]
    tmpfs: [/run]
    networks: {front: {aliases: [www]}, back: {}}
    secrets: [token, word]
    configs: [inline]
    cap_add: [NET_ADMIN, SYS_TIME]
    dns: [1.1.1.1, 9.9.9.9]
    healthcheck: {test: "true", interval: 5s}
    logging: {driver: json-file, options: {max-size: 1m}}
    security_opt: [seccomp=./profile.json]
    depends_on: [db]
    deploy: {replicas: 2, resources: {limits: {memory: 64m}}}
  db: {image: postgres}
networks: {front: {}, back: {}}
volumes: {data: {}}
secrets: {token: {file: ./token.txt}, word: {environment: WORD}}
configs: {inline: {content: hello}}
`;

interface Rest {
  readonly token?: string;
  readonly word?: string;
  readonly profile?: string;
}

function fieldsOf(text: string, { token = "1", word = "1", profile = "{}" }: Rest = {}) {
  const project = projectOf(text, new Map([["WORD", word]]));
  const service = project.services.get("web");
  if (service === undefined) throw new Error("no service web");
  return fieldDigests({
    project,
    service,
    image: { id: "sha256:111", env: ["LANG=C"], volumes: [], hasHealthcheck: false },
    imageReference: imageReference(project, service),
    fileDigests: new Map([["/srv/shop/token.txt", token]]),
    seccompProfiles: new Map([["/srv/shop/profile.json", profile]]),
  });
}

const changed = (text: string, rest?: Rest) => changedFields(fieldsOf(base), fieldsOf(text, rest)).join(", ");

describe("the fields of a service", () => {
  it.each([
    ["image: nginx", "image: nginx:1.29", "image"],
    ['PORT: "80"', 'PORT: "81"', "environment.PORT"],
    ['PORT: "80", ', "", "environment.PORT"],
    ['PORT: "80", ', 'PORT: "80", LANG: null, ', "environment.LANG"],
    ["labels: {a: b}", "labels: {a: b, __proto__: c}", "labels.__proto__"],
    ['"443:443"', '"8443:443"', "ports"],
    ['"9000"', '"9001"', "expose"],
    ["./src:/src", "./src:/src:ro", "volumes./src"],
    ["data:/data", "data:/other", "volumes./data, volumes./other"],
    ["[/run]", "['/run:size=1m']", "tmpfs./run"],
    ["aliases: [www]", "aliases: [api]", "networks.front"],
    ["networks: {front: {}", "networks: {front: {name: public}", "networks.front"],
    ["volumes: {data: {}}", "volumes: {data: {name: other}}", "volumes./data"],
    ["secrets: [token, word]", "secrets: [{source: token, target: t}, word]", "secrets.token"],
    ["secrets: [token, word]", "secrets: [word]", "secrets.token, secrets.token (content)"],
    ["content: hello", "content: bye", "configs.inline (content)"],
    ["SYS_TIME", "SYS_PTRACE", "cap_add"],
    ["interval: 5s", "interval: 6s", "healthcheck.interval"],
    ["max-size: 1m", "max-size: 2m", "logging.options.max-size"],
    ["memory: 64m", "memory: 65m", "deploy.resources.limits.memory"],
    ["image: nginx", "image: nginx\n    command: ls", "command"],
    [
      "    networks: {front: {aliases: [www]}, back: {}}",
      "    network_mode: host",
      "network_mode, networks.back, networks.front",
    ],
  ])("change with the file: %s → %s: %s", (before, after, expected) => {
    expect(base).toContain(before);
    expect(changed(base.replace(before, after))).toBe(expected);
  });

  it.each([
    ["image: nginx", "image: nginx\n    build: ."],
    ["image: nginx", "image: nginx\n    pull_policy: always"],
    ["image: nginx", "image: nginx\n    profiles: [debug]"],
    ["image: nginx", "image: nginx\n    attach: false"],
    ["image: nginx", "image: nginx\n    x-note: hello"],
    ["image: nginx", "image: nginx\n    post_start: [{command: ls}]"],
    ["image: nginx", "image: nginx\n    develop: {watch: [{path: ./src, action: restart}]}"],
    ["depends_on: [db]", "depends_on: {db: {condition: service_healthy}}"],
    ["replicas: 2", "replicas: 3, placement: {constraints: [a]}"],
    ['"80:80", "443:443"', '"443:443", "80:80"'],
    ["NET_ADMIN, SYS_TIME", "SYS_TIME, NET_ADMIN"],
    ['PORT: "80", TOKEN: "correct horse"', 'TOKEN: "correct horse", PORT: "80", UNSET: null'],
    ['"80:80"', '{target: 80, published: "80", name: http, app_protocol: http}'],
  ])("stay the same where the container would: %s → %s", (before, after) => {
    expect(base).toContain(before);
    expect(changed(base.replace(before, after))).toBe("");
  });

  it("change with the content of secrets, and of the files that configs, secrets and profiles are", () => {
    expect(changed(base, { token: "2" })).toBe("secrets.token (content)");
    expect(changed(base, { word: "2" })).toBe("secrets.word (content)");
    expect(changed(base, { profile: "[]" })).toBe("security_opt (content)");
  });

  it("change with the order of a list whose order counts", () => {
    expect(changed(base.replace("1.1.1.1, 9.9.9.9", "9.9.9.9, 1.1.1.1"))).toBe("dns");
  });

  it("are written down without a single value, and read back", () => {
    const fields = fieldsOf(base, { word: "hunter2" });
    const text = fieldsText(fields);
    expect(text).not.toMatch(/correct|horse|hunter2|hello/);
    expect([...(parseFields(text) ?? [])]).toEqual([...fields]);
  });

  it.each([undefined, "", "nonsense", "[]", '{"format":"0","image":"12345678"}'])("are not read from %s", (text) => {
    expect(parseFields(text)).toBeUndefined();
  });

  it("have different digests for equal values in different places", () => {
    const fields = fieldsOf(base.replace('PORT: "80"', 'PORT: "correct horse"'));
    expect(fields.get("environment.PORT")).not.toBe(fields.get("environment.TOKEN"));
  });
});
