import { expect, it } from "vitest";
import { generateProject } from "../../src/commands/generate-project.ts";
import { toYaml } from "../../src/compose/render/yaml.ts";
import type { ContainerInspect, ImageInspect } from "../../src/engine/api.ts";
import { runningState } from "../reconcile/running-state.ts";

const image: ImageInspect = {
  Id: "sha256:1",
  RepoTags: ["nginx:1"],
  RepoDigests: null,
  Architecture: "amd64",
  Os: "linux",
  Size: 1,
  Config: { Cmd: ["nginx"], Env: ["PATH=/bin"], WorkingDir: "/srv" },
};

const container: ContainerInspect = {
  Id: "a",
  Created: "",
  Path: "nginx",
  Args: [],
  Name: "/front",
  Image: "sha256:1",
  RestartCount: 0,
  State: runningState,
  Config: {
    Image: "nginx:1",
    Cmd: ["nginx"],
    Env: ["PATH=/bin", "PRICE=5$"],
    WorkingDir: "/srv",
    Labels: { "com.docker.compose.project": "shop", tier: "front" },
  },
  HostConfig: {
    NetworkMode: "shop_default",
    PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "8080" }] },
    RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 },
  },
  Mounts: [
    { Type: "volume", Name: "data", Source: "/var/lib/docker/volumes/data/_data", Destination: "/data", RW: true },
    { Type: "volume", Name: "f".repeat(64), Source: "/var/lib", Destination: "/cache", RW: true },
    { Type: "bind", Source: "/etc", Destination: "/host", RW: false },
  ],
  NetworkSettings: { Networks: { shop_default: {} } },
};

it("writes what containers were given beyond their images, and takes networks and volumes for granted", () => {
  expect(toYaml(generateProject([container], new Map([["sha256:1", image]]), "mine"))).toBe(`name: mine
services:
  front:
    container_name: front
    environment:
      PRICE: 5$$
    image: nginx:1
    labels:
      tier: front
    networks:
      - shop_default
    ports:
      - target: 80
        published: "8080"
        protocol: tcp
    restart: on-failure:3
    volumes:
      - type: volume
        target: /cache
      - type: volume
        source: data
        target: /data
      - type: bind
        source: /etc
        target: /host
        read_only: true
networks:
  shop_default:
    external: true
volumes:
  data:
    external: true
`);
});
