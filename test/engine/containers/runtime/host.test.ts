import { describe, expect, it } from "vitest";
import { findCgroups } from "../../../../src/engine/containers/runtime/cgroups.ts";
import { renderFstabLine } from "../../../../src/engine/containers/runtime/mount.ts";
import { parseMountTable, unsharedMounts } from "../../../../src/engine/containers/runtime/mount-table.ts";
import { parseVersion, warnOfVersion } from "../../../../src/engine/containers/runtime/probe.ts";
import { identify, isAlive, parseStat } from "../../../../src/engine/containers/runtime/processes.ts";
import { startFailure } from "../../../../src/engine/containers/runtime-error.ts";
import { parseSignal } from "../../../../src/engine/containers/stop.ts";

const table = parseMountTable(
  [
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
    "31 27 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw",
    "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu",
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
    "42 27 254:0 /x /with\\040space rw shared:1 master:2 - ext4 /dev/vda rw",
    "43 42 0:4 / /with\\040space/below rw shared:3 - tmpfs tmpfs rw",
    "",
  ].join("\n"),
);

describe("the mount table", () => {
  it("tells the layout of the control groups", () => {
    expect(findCgroups(table)).toEqual({
      layout: "hybrid",
      roots: ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/unified"],
    });
    expect(findCgroups(table.filter(({ type }) => type === "cgroup2")).layout).toBe("v2");
    expect(findCgroups([]).layout).toBe("none");
  });

  it("tells which mounts reach another namespace by themselves: those on shared ones", () => {
    expect(table.find(({ id }) => id === 42)).toMatchObject({ target: "/with space", shared: true });
    expect(unsharedMounts(table)).not.toContain("43 ");
    expect(unsharedMounts(table)).toContain("42 /with space");
  });

  it("is written to with what would end a field escaped", () => {
    const request = { type: "bind", source: "/a b", target: "/c\\d", options: ["ro"] };
    expect(renderFstabLine(request)).toBe("/a\\040b /c\\134d none rbind,ro 0 0\n");
  });
});

describe("a process", () => {
  it("is told apart by its start time, whatever its name is", async () => {
    expect(parseStat("7 (a) b (c) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4242 0")).toEqual({
      state: "S",
      startTime: "4242",
    });
    const me = await identify(process.pid, "boot");
    expect(me === undefined ? false : await isAlive(me, "boot")).toBe(true);
    expect(me === undefined ? true : await isAlive(me, "another boot")).toBe(false);
    expect(me === undefined ? true : await isAlive({ ...me, startTime: "1" }, "boot")).toBe(false);
  });

  it("takes signals by name and number", () => {
    expect(["TERM", "sigterm", "15", "SIGRTMIN+3", "RTMAX"].map(parseSignal)).toEqual([15, 15, 15, 37, 64]);
    for (const text of ["", "0", "65", "SIGNOPE", "9;1"])
      expect(() => parseSignal(text)).toThrowError(`invalid signal: ${text}`);
  });
});

describe("a runtime", () => {
  it("is warned of when its version has known holes", () => {
    expect(parseVersion("crun version 1.8.1\ncommit: x")).toBe("1.8.1");
    expect(warnOfVersion("crun", "1.8.1")).toHaveLength(1);
    expect(warnOfVersion("crun", "1.28")).toEqual([]);
    expect(["1.1.5", "1.2.7", "1.2.8", "1.3.0", "1.3.6", "1.4.0"].map((v) => warnOfVersion("runc", v).length)).toEqual([
      1, 1, 0, 1, 0, 0,
    ]);
  });

  it("is understood when it says why it could not start a program", () => {
    const crun = startFailure(
      new Error("executable file `nope` not found in $PATH: No such file or directory"),
      "nope",
    );
    expect(crun.exitCode).toBe(127);
    expect(crun.error).toMatchObject({
      status: 400,
      message: expect.stringContaining('exec: "nope": executable file not found in $PATH'),
    });
    expect(startFailure(new Error("open executable: Permission denied"), "/x")).toMatchObject({ exitCode: 126 });
    expect(startFailure(new Error("set up seccomp"), "x")).toMatchObject({ exitCode: 128, error: { status: 500 } });
  });
});
