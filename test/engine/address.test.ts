import { describe, expect, it } from "vitest";
import { parseAddress } from "../../src/engine/address.ts";
import { sshArguments } from "../../src/engine/ssh.ts";

describe("the URL of an engine", () => {
  it.each([
    ["unix:///var/run/docker.sock", { kind: "unix", path: "/var/run/docker.sock" }],
    ["unix:///with space/ä.sock", { kind: "unix", path: "/with space/ä.sock" }],
    ["tcp://build.example:2375", { kind: "tcp", host: "build.example", port: 2375 }],
    ["tcp://build.example", { kind: "tcp", host: "build.example", port: 2375 }],
    ["tcp://[::1]:99/", { kind: "tcp", host: "::1", port: 99 }],
    ["http://127.0.0.1:80", { kind: "tcp", host: "127.0.0.1", port: 80 }],
    ["https://build.example:443", { kind: "tcp", host: "build.example", port: 443, tls: { verify: true } }],
    ["ssh://build.example", { kind: "ssh", host: "build.example" }],
    [
      "ssh://me@build.example:2222/run/d.sock",
      { kind: "ssh", host: "build.example", user: "me", port: 2222, path: "/run/d.sock" },
    ],
  ])("%s says where it listens", (url, expected) => {
    expect(parseAddress(url)).toEqual({ url, ...expected });
  });

  it("becomes a TLS connection with certificates, on the port for it", () => {
    const tls = { ca: "CA", verify: true };
    expect(parseAddress("tcp://build.example", tls)).toMatchObject({ port: 2376, tls });
    expect(parseAddress("https://build.example:1", tls)).toMatchObject({ port: 1, tls });
  });

  it.each([
    ["/var/run/docker.sock", "expected unix://"],
    ["unix://docker.sock", "must be absolute"],
    ["npipe:////./pipe/docker_engine", "expected unix://"],
    ["fd://", "expected unix://"],
    ["tcp://", "expected unix://"],
    ["tcp://host:99999", "expected unix://"],
    ["tcp://host:2375/v1.40", "a path means nothing here"],
    ["ssh://-oProxyCommand=evil", "begin with a dash"],
    ["ssh://-l@host", "begin with a dash"],
    ["ssh://me@host?x=1", "a query means nothing here"],
  ])("%s is refused, and it is said what was expected", (url, why) => {
    expect(() => parseAddress(url)).toThrow(why);
  });

  it("never shows a password that someone wrote into it", () => {
    for (const url of ["ssh://me:secret@host", "tcp://me:secret@host:1"]) {
      expect(() => parseAddress(url)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining("secret") }),
      );
    }
  });
});

describe("ssh", () => {
  it("is given user, port and host, and the other side's socket quoted for the shell there", () => {
    const address = parseAddress("ssh://me@build.example:2222/run/it's.sock");
    if (address.kind !== "ssh") throw new Error("not ssh");
    expect(sshArguments(address).join(" ")).toBe(
      "-o ConnectTimeout=30 -T -l me -p 2222 -- build.example docker --host 'unix:///run/it'\\''s.sock' system dial-stdio",
    );
  });
});
