import { describe, expect, it } from "vitest";
import { cleanTarget, parseMount } from "../../../src/compose/short/mounts.ts";

describe("a mount in short form", () => {
  it.each([
    ["/data", { type: "volume", target: "/data", volume: {} }],
    ["/x", { type: "volume", target: "/x" }],
    ["db:/data", { type: "volume", source: "db", target: "/data", volume: {} }],
    ["db:/data:nocopy", { type: "volume", source: "db", target: "/data", volume: { nocopy: true } }],
    ["data/sub:/x", { type: "volume", source: "data/sub", target: "/x", volume: {} }],
    ["db:/data:z", { type: "volume", source: "db", target: "/data", bind: { selinux: "z" }, volume: {} }],
    ["./a:/b", { type: "bind", source: "./a", target: "/b", bind: { create_host_path: true } }],
    ["~/a:/b", { type: "bind", source: "~/a", target: "/b", bind: { create_host_path: true } }],
    ["/a:/b:ro", { type: "bind", source: "/a", target: "/b", read_only: true, bind: { create_host_path: true } }],
    ["/a:/b:ro,rw", { type: "bind", source: "/a", target: "/b", bind: { create_host_path: true } }],
    ["/a:/b:cached", { type: "bind", source: "/a", target: "/b", bind: { create_host_path: true } }],
    [
      "/a:/b:rslave,Z",
      {
        type: "bind",
        source: "/a",
        target: "/b",
        bind: { propagation: "rslave", selinux: "Z", create_host_path: true },
      },
    ],
    ["c:\\a:/b", { type: "bind", source: "c:\\a", target: "/b", bind: { create_host_path: true } }],
    ["c:\\a:d:\\b", { type: "bind", source: "c:\\a", target: "d:\\b", bind: { create_host_path: true } }],
    ["\\\\.\\pipe\\x:/b", { type: "bind", source: "\\\\.\\pipe\\x", target: "/b", bind: { create_host_path: true } }],
    // A name of one letter reads as a drive.
    ["v:/data", { type: "volume", target: "v:/data", volume: {} }],
    ["\u0024{A:-b}:/c", { type: "volume", source: "\u0024{A:-b}", target: "/c", volume: {} }],
    [
      "\u0024{A:-\u0024{B:-x}}:/c:ro",
      { type: "volume", source: "\u0024{A:-\u0024{B:-x}}", target: "/c", read_only: true, volume: {} },
    ],
    ["db:/data/../x/", { type: "volume", source: "db", target: "/x", volume: {} }],
  ])("%s", (spec, mount) => {
    expect(parseMount(spec)).toEqual({ value: mount });
  });

  it.each([
    ["", "invalid empty volume spec"],
    [":/data", "invalid spec: :/data: empty section between colons"],
    ["db::ro", "invalid spec: db::ro: empty section between colons"],
    ["db:/data:", "invalid spec: db:/data:: empty section between colons"],
    ["db:/data:ro:x", "invalid spec: db:/data:ro:x: too many colons"],
  ])("%s is refused: %s", (spec, error) => {
    expect(parseMount(spec).error).toBe(error);
  });
});

describe("a path in a container", () => {
  it.each([
    ["/a/./b//c/", "/a/b/c"],
    ["/../a", "/a"],
    ["a/../..", ".."],
    ["./", "."],
    ["/", "/"],
    ["", ""],
  ])("%s is cleaned to %s", (path, clean) => {
    expect(cleanTarget(path)).toBe(clean);
  });
});
