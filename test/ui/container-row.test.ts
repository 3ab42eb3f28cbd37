import { describe, expect, it } from "vitest";
import type { ContainerSummary } from "../../src/engine/api.ts";
import { containerRow, durationText, portsText } from "../../src/ui/container-row.ts";

const container: ContainerSummary = {
  Id: "0123456789abcdef0123456789abcdef",
  Names: ["/shop-web-1"],
  Image: "nginx:latest",
  ImageID: "sha256:1",
  Command: "/docker-entrypoint.sh nginx -g 'daemon off;'",
  Created: 1_790_000_000,
  State: "running",
  Status: "Up 5 minutes (healthy)",
  Ports: [{ IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" }],
  Labels: { "com.docker.compose.project": "shop", "com.docker.compose.service": "web" },
  Mounts: [{ Type: "volume", Name: "shop_data", Source: "/x", Destination: "/data", Driver: "local", RW: true }],
  NetworkSettings: { Networks: { shop_default: {} } },
};
const now = (1_790_000_000 + 3 * 3600) * 1000;

describe("containerRow", () => {
  it("says what docker compose says of a container", () => {
    expect(containerRow(container, now, true)).toMatchObject({
      ID: "0123456789ab",
      Name: "shop-web-1",
      Command: '"/docker-entrypoint.…"',
      CreatedAt: "2026-09-21 14:13:20 +0000 UTC",
      RunningFor: "3 hours ago",
      Size: "0B",
      Service: "web",
      Project: "shop",
      Health: "healthy",
      ExitCode: 0,
      Ports: "0.0.0.0:8080->80/tcp",
      Publishers: [{ URL: "0.0.0.0", TargetPort: 80, PublishedPort: 8080, Protocol: "tcp" }],
      LocalVolumes: "1",
      Mounts: "shop_data",
      Networks: "shop_default",
    });
  });

  it("shows ids and commands in full when asked", () => {
    const row = containerRow(container, now, false);
    expect(row.ID).toBe(container.Id);
    expect(row.Command).toBe(`"${container.Command}"`);
  });

  it.each([
    ["Exited (137) 2 seconds ago", 137, ""],
    ["Up 1 second (health: starting)", 0, "starting"],
    ["Up 1 minute (unhealthy)", 0, "unhealthy"],
    ["Created", 0, ""],
  ])("reads exit code and health from %s", (Status, ExitCode, Health) => {
    expect(containerRow({ ...container, Status }, now, true)).toMatchObject({ ExitCode, Health });
  });
});

describe("portsText", () => {
  const port = (PrivatePort: number, PublicPort?: number, IP?: string, Type = "tcp") => ({
    PrivatePort,
    Type,
    ...(PublicPort !== undefined && { PublicPort }),
    ...(IP !== undefined && { IP }),
  });

  it.each([
    ["nothing", [], ""],
    ["an exposed port", [port(80)], "80/tcp"],
    ["neighbours as a range", [port(81, 8081, "0.0.0.0"), port(80, 8080, "0.0.0.0")], "0.0.0.0:8080-8081->80-81/tcp"],
    ["two addresses", [port(80, 8080, "::"), port(80, 8080, "0.0.0.0")], "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"],
    [
      "two protocols",
      [port(53, 53, "1.1.1.1", "udp"), port(53, 53, "1.1.1.1")],
      "1.1.1.1:53->53/tcp, 1.1.1.1:53->53/udp",
    ],
    ["a gap", [port(80, 8080, "0.0.0.0"), port(81, 9000, "0.0.0.0")], "0.0.0.0:8080->80/tcp, 0.0.0.0:9000->81/tcp"],
    [
      "exposed ports in front of published ones",
      [port(80, 8080, "0.0.0.0"), port(443)],
      "443/tcp, 0.0.0.0:8080->80/tcp",
    ],
  ])("writes %s", (_, ports, expected) => {
    expect(portsText(ports)).toBe(expected);
  });
});

describe("durationText", () => {
  it.each([
    [0.2, "Less than a second"],
    [1, "1 second"],
    [59, "59 seconds"],
    [60, "About a minute"],
    [121, "2 minutes"],
    [3600, "About an hour"],
    [47 * 3600, "47 hours"],
    [3 * 86_400, "3 days"],
    [20 * 86_400, "2 weeks"],
    [100 * 86_400, "3 months"],
    [1000 * 86_400, "2 years"],
  ])("says %d seconds as docker does", (seconds, expected) => {
    expect(durationText(seconds)).toBe(expected);
  });
});
