import { describe, expect, it } from "vitest";
import { parsePorts } from "../../../src/compose/short/ports.ts";

/** Entries as `[ip|]published>target/protocol`; `*` is an ephemeral port. */
function show(spec: string): string {
  const result = parsePorts(spec);
  if (result.error !== undefined) return `error: ${result.error}`;
  return result.value
    .map(({ host_ip, published, target, protocol }) => {
      const address = host_ip === undefined ? "" : `${host_ip}|`;
      return `${address}${published ?? "*"}>${target}/${protocol}`;
    })
    .join(" ");
}

describe("a published port in short form", () => {
  it.each([
    ["80", "*>80/tcp"],
    ["8080:80", "8080>80/tcp"],
    [":80", "*>80/tcp"],
    ["53:53/udp", "53>53/udp"],
    ["53:53/UDP", "53>53/udp"],
    ["9:9/sctp", "9>9/sctp"],
    ["80/", "*>80/tcp"],
    ["127.0.0.1:8080:80", "127.0.0.1|8080>80/tcp"],
    ["127.0.0.1::80", "127.0.0.1|*>80/tcp"],
    ["[::1]:6000:6000", "::1|6000>6000/tcp"],
    ["::1:6000:6000", "::1|6000>6000/tcp"],
    ["[2001:db8::1]::80/tcp", "2001:db8::1|*>80/tcp"],
    ["3000-3002", "*>3000/tcp *>3001/tcp *>3002/tcp"],
    ["9090-9091:8080-8081", "9090>8080/tcp 9091>8081/tcp"],
    ["8000-9000:80", "8000-9000>80/tcp"],
    ["9-10:9-10", "10>10/tcp 9>9/tcp"],
    ["127.0.0.1:5000-5001:5000-5001/udp", "127.0.0.1|5000>5000/udp 127.0.0.1|5001>5001/udp"],
  ])("%s publishes %s", (spec, entries) => {
    expect(show(spec)).toBe(entries);
  });

  it.each([
    ["", "no port specified: <empty>"],
    ["8080:", "no port specified: 8080:<empty>"],
    ["80/xyz", "invalid proto: xyz"],
    ["localhost:80:80", "invalid IP address: localhost"],
    ["1.2.3:80:80", "invalid IP address: 1.2.3"],
    ["fe80::1%eth0:80:80", "invalid IP address: fe80::1%eth0"],
    ["80:http", "invalid containerPort: http"],
    ["80:65536", "invalid containerPort: 65536"],
    ["90-80:80", "invalid hostPort: 90-80"],
    ["x:80", "invalid hostPort: x"],
    ["80-81:90-95", "invalid ranges specified for container and host Ports: 90-95 and 80-81"],
    ["-1:80", "invalid hostPort: -1"],
  ])("%s is refused: %s", (spec, error) => {
    expect(show(spec)).toBe(`error: ${error}`);
  });
});
