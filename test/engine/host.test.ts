import { describe, expect, it } from "vitest";
import { examineHost, type HostFacts, layoutOf, packagesFor } from "../../src/engine/host.ts";

const programs = [
  "crun",
  "conmon",
  "nft",
  "ip",
  "mount",
  "nsenter",
  "unshare",
  "flock",
  "perl",
  "tar",
  "ps",
  "tini-static",
];
const whole: HostFacts = {
  platform: "linux",
  root: true,
  kernel: "6.18.0",
  cgroups: "v2",
  filesystems: new Set(["ext4", "overlay"]),
  programs: new Map(programs.map((name) => [name, `/usr/bin/${name}`])),
  versions: new Map([["crun", "1.28"]]),
  seccompProfile: "/usr/share/containers/seccomp.json",
};
const without = (name: string) => new Map([...whole.programs].filter(([program]) => program !== name));
const faults = (facts: Partial<HostFacts>) => examineHost({ ...whole, ...facts }).filter(({ state }) => state !== "ok");

describe("a host", () => {
  it("that has everything has no faults", () => {
    expect(faults({})).toEqual([]);
  });

  it.each<[string, Partial<HostFacts>, string, readonly string[]]>([
    ["another system", { platform: "darwin" }, "missing this is darwin", []],
    ["no root", { root: false }, "missing not root", []],
    ["no control groups", { cgroups: "none" }, "missing no control groups", []],
    ["no overlay", { filesystems: new Set(["ext4"]) }, "missing no overlay file system", []],
    ["no runtime", { programs: without("crun") }, "missing no OCI runtime", ["crun"]],
    ["no conmon", { programs: without("conmon") }, "missing no conmon", ["conmon"]],
    ["no nft", { programs: without("nft") }, "missing no nft", ["nftables"]],
    ["no ps", { programs: without("ps") }, "warning no ps", ["procps"]],
    ["an old runtime", { versions: new Map([["crun", "1.8.1"]]) }, "warning crun 1.8.1", []],
    ["a runtime of unknown version", { versions: new Map() }, "warning crun of unknown version", []],
  ])("with %s: %s", (_, facts, expected, packages) => {
    const found = faults(facts);
    expect(found.map(({ state, what }) => `${state} ${what}`)).toEqual([expected]);
    expect(packagesFor(found)).toEqual(packages);
  });

  it("without a seccomp profile lacks one", () => {
    const { seccompProfile: _, ...bare } = whole;
    expect(packagesFor(examineHost(bare))).toEqual(["golang-github-containers-common"]);
  });
});

it.each([
  ["cgroup2 /sys/fs/cgroup cgroup2 rw 0 0", "v2"],
  ["cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0", "v1"],
  ["cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0", "hybrid"],
  ["proc /proc proc rw 0 0", "none"],
])("the mounts %j are the layout %s", (mounts, layout) => expect(layoutOf(mounts)).toBe(layout));
