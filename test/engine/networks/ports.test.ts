import { describe, expect, it } from "vitest";
import { collide, portMapOf, readPorts } from "../../../src/engine/networks/ports.ts";
import { formatAddress, parseAddress } from "../../../src/network/address.ts";

describe("what is asked for of ports", () => {
  it("is read with its addresses, and without any for all of both families", () => {
    const wishes = readPorts(
      {
        "80/tcp": [{ HostPort: "8000-8010" }],
        "53/udp": [{ HostIp: "[::1]", HostPort: "" }],
        "81": [{}],
        "9/tcp": null,
      },
      undefined,
    );
    const shown = wishes.map(({ hosts, ...wish }) => ({ ...wish, hosts: hosts.map(formatAddress) }));
    expect(shown).toContainEqual({
      protocol: "tcp",
      port: 80,
      hosts: ["0.0.0.0", "::"],
      everywhere: true,
      from: 8000,
      to: 8010,
    });
    expect(shown).toContainEqual({ protocol: "udp", port: 53, hosts: ["::1"], everywhere: false, from: 0, to: 0 });
    expect(shown).toContainEqual({
      protocol: "tcp",
      port: 81,
      hosts: ["0.0.0.0", "::"],
      everywhere: true,
      from: 0,
      to: 0,
    });
    expect(shown).toHaveLength(3);
  });

  it.each([
    [{ "x/tcp": [{}] }],
    [{ "0/tcp": [{}] }],
    [{ "80/foo": [{}] }],
    [{ "80/tcp": [{ HostPort: "70000" }] }],
    [{ "80/tcp": [{ HostPort: "9-8" }] }],
    [{ "80/tcp": [{ HostPort: "80 drop" }] }],
    [{ "80/tcp": [{ HostIp: "x" }] }],
  ])("is refused where it is none: %j", (ports) => {
    expect(() => readPorts(ports, undefined)).toThrow(expect.objectContaining({ status: 400 }));
  });

  it("collides at one address, or where one of them is everywhere", () => {
    const claim = (text: string, hostPort = 80, protocol: "tcp" | "udp" = "tcp") => {
      const host = parseAddress(text);
      if (host === undefined) throw new Error(text);
      return { protocol, port: 1, host, hostPort };
    };
    expect(collide(claim("0.0.0.0"), claim("127.0.0.1"))).toBe(true);
    expect(collide(claim("127.0.0.1"), claim("127.0.0.2"))).toBe(false);
    expect(collide(claim("0.0.0.0"), claim("::"))).toBe(false);
    expect(collide(claim("0.0.0.0"), claim("0.0.0.0", 81))).toBe(false);
    expect(collide(claim("0.0.0.0"), claim("0.0.0.0", 80, "udp"))).toBe(false);
    expect(portMapOf([claim("0.0.0.0"), claim("::")])).toEqual({
      "1/tcp": [
        { HostIp: "0.0.0.0", HostPort: "80" },
        { HostIp: "::", HostPort: "80" },
      ],
    });
  });
});
