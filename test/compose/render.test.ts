import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { renderJson, renderTreeJson, renderTreeYaml, renderYaml } from "../../src/compose/render.ts";
import { document } from "./document.ts";
import { project } from "./project.ts";

const text = `services:
  web:
    image: "a:$x"
    command: []
    profiles: []
    environment: {B: "1", A10: ten, A2: "yes", NONE: , __proto__: x}
    build: {context: /w, args: {A: 1}, ssh: [default, k=/k], shm_size: 4m}
    depends_on: {db: {condition: service_healthy, restart: true}}
    deploy: {resources: {limits: {cpus: "0.5", memory: 5m}}}
    extra_hosts: {b: [2.2.2.2, 1.1.1.1], a: "::1"}
    healthcheck: {test: curl x, interval: 90s, retries: 0}
    init: false
    tty: false
    mem_limit: 0
    pids_limit: 5
    ports: ["127.0.0.1:8080:80"]
    secrets: [{source: s, mode: 288}]
    stop_grace_period: 0s
    ulimits: {nofile: 5, nproc: {soft: 1, hard: 2}}
    volumes: ["data:/data:ro", "/here:/there", {type: bind, source: /a, target: /b, bind: {create_host_path: false}}]
    x-note: {b: 1, a: [x]}
  db: {image: b, entrypoint: "", gpus: all}
networks:
  default: {labels: {a: 1}, ipam: {config: [{subnet: 10.0.0.0/8}]}}
volumes: {data: , ext: {external: true}}
secrets: {s: {environment: S}}
configs: {c: {content: "text"}, e: {environment: S}}
models: {m: {model: ai/m}}
x-top: {k: v}
`;

const model = project(text).project;

describe("a project as YAML", () => {
  it("is printed as docker compose prints it", () => {
    expect(renderYaml(model)).toBe(`name: shop
services:
  db:
    entrypoint: []
    gpus:
      - count: -1
    image: b
    networks:
      default: null
  web:
    build:
      context: /w
      dockerfile: Dockerfile
      args:
        A: "1"
      ssh:
        - default
        - k=/k
      shm_size: "4194304"
    command: []
    depends_on:
      db:
        condition: service_healthy
        restart: true
        required: true
    deploy:
      resources:
        limits:
          cpus: 0.5
          memory: "5242880"
    environment:
      __proto__: x
      A2: "yes"
      A10: ten
      B: "1"
      NONE: null
    extra_hosts:
      - a=::1
      - b=1.1.1.1
      - b=2.2.2.2
    healthcheck:
      test:
        - CMD-SHELL
        - curl x
      interval: 1m30s
      retries: 0
    image: a:$$x
    init: false
    networks:
      default: null
    pids_limit: 5
    ports:
      - mode: ingress
        host_ip: 127.0.0.1
        target: 80
        published: "8080"
        protocol: tcp
    secrets:
      - source: s
        target: /run/secrets/s
        mode: "0440"
    stop_grace_period: 0s
    ulimits:
      nofile: 5
      nproc:
        soft: 1
        hard: 2
    volumes:
      - type: volume
        source: data
        target: /data
        read_only: true
        volume: {}
      - type: bind
        source: /here
        target: /there
        bind:
          create_host_path: true
      - type: bind
        source: /a
        target: /b
        bind:
          create_host_path: false
    x-note:
      a:
        - x
      b: 1
networks:
  default:
    name: shop_default
    ipam:
      config:
        - subnet: 10.0.0.0/8
    labels:
      a: "1"
volumes:
  data:
    name: shop_data
  ext:
    name: ext
    external: true
secrets:
  s:
    name: shop_s
    environment: S
configs:
  c:
    name: shop_c
    content: text
  e:
    name: shop_e
    environment: S
models:
  m:
    model: ai/m
x-top:
  k: v
`);
  });

  it("is the same project when it is loaded again", () => {
    const again = project(renderYaml(model, { escape: false })).project;
    expect(renderYaml(again)).toBe(renderYaml(model));
    expect(renderJson(again)).toEqual(renderJson(model));
  });

  it("shows dollars as they are when variables were not interpolated", () => {
    expect(renderYaml(model, { escape: false })).toContain("image: a:$x\n");
  });

  it("never shows the value of a secret", () => {
    const { project: secret } = project("secrets: {s: {environment: S, content: hidden}}\nservices: {}");
    expect(renderYaml(secret)).not.toContain("hidden");
  });
});

describe("a project as JSON", () => {
  it("shows null commands and empty structures as docker compose does, and no extensions of services", () => {
    const json = JSON.parse(JSON.stringify(renderJson(model)));
    expect(json.services.db).toEqual({
      command: null,
      entrypoint: [],
      gpus: [{ count: -1 }],
      image: "b",
      networks: { default: null },
    });
    expect(json.services.web.deploy).toEqual({
      resources: { limits: { cpus: 0.5, memory: "5242880" } },
      placement: {},
    });
    expect(json.services.web["x-note"]).toBeUndefined();
    expect(json["x-top"]).toEqual({ k: "v" });
  });

  it("says the same as the YAML", () => {
    const json = JSON.parse(JSON.stringify(renderJson(model)));
    const yaml = parse(renderYaml(model));
    expect(yaml.services.web.ports).toEqual(json.services.web.ports);
    expect(yaml.volumes).toEqual(json.volumes);
  });
});

describe("a document whose variables were not interpolated", () => {
  const tree = document("services: {web: {ports: [$PORT:80], mem_limit: $MEM, image: a, x-n: 1.5}}\nname: other\n");

  it("is printed as it was written, with its keys sorted and the project's name", () => {
    expect(renderTreeYaml(tree, "shop")).toBe(`name: shop
services:
  web:
    image: a
    mem_limit: $MEM
    ports:
      - $PORT:80
    x-n: 1.5
`);
  });

  it("is the same in JSON", () => {
    expect(JSON.stringify(renderTreeJson(tree, "shop"))).toBe(
      '{"name":"shop","services":{"web":{"image":"a","mem_limit":"$MEM","ports":["$PORT:80"],"x-n":1.5}}}',
    );
  });
});
