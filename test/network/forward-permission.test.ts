import { describe, expect, it } from "vitest";
import { noPermission, permission } from "../../src/network/forward-permission.ts";

const owner = { tag: "abcd1234", group: 2 };
const patterns = ["gt-+"];

describe("the exception in other people's FORWARD", () => {
  it("is not made where forwarding is allowed", () => {
    expect(permission(owner, "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n", patterns, [])).toBeUndefined();
  });

  it("stands first in FORWARD where its policy is DROP, and leaves dockerd's bridges to dockerd", () => {
    expect(permission(owner, "-P FORWARD DROP\n", patterns, [])?.split("\n")).toEqual([
      "*filter",
      ":GANTRY-abcd1234 - [0:0]",
      "-A GANTRY-abcd1234 -i gt-+ -o gt-+ -j ACCEPT",
      "-A GANTRY-abcd1234 -i br-+ -j RETURN",
      "-A GANTRY-abcd1234 -o br-+ -j RETURN",
      "-A GANTRY-abcd1234 -i docker+ -j RETURN",
      "-A GANTRY-abcd1234 -o docker+ -j RETURN",
      "-A GANTRY-abcd1234 -i gt-+ -j ACCEPT",
      "-A GANTRY-abcd1234 -o gt-+ -j ACCEPT",
      "-I FORWARD 1 -j GANTRY-abcd1234",
      "COMMIT",
      "",
    ]);
  });

  it("stands in DOCKER-USER where dockerd is, and moves to the front again", () => {
    const rules = [
      "-P FORWARD DROP",
      "-N DOCKER-USER",
      "-N GANTRY-abcd1234",
      "-A FORWARD -j DOCKER-USER",
      "-A FORWARD -j GANTRY-abcd1234",
      "-A DOCKER-USER -j RETURN",
      "-A DOCKER-USER -j GANTRY-abcd1234",
    ].join("\n");
    const lines = permission(owner, rules, patterns, [])?.split("\n");
    expect(lines?.slice(-5)).toEqual([
      "-D FORWARD -j GANTRY-abcd1234",
      "-D DOCKER-USER -j GANTRY-abcd1234",
      "-I DOCKER-USER 1 -j GANTRY-abcd1234",
      "COMMIT",
      "",
    ]);
  });

  it("is left alone where it stands", () => {
    const wanted = permission(owner, "-P FORWARD DROP\n", patterns, [])?.split("\n") ?? [];
    const rules = [
      "-P FORWARD DROP",
      "-N GANTRY-abcd1234",
      "-A FORWARD -j GANTRY-abcd1234",
      ...wanted.filter((line) => line.startsWith("-A")),
    ];
    expect(permission(owner, rules.join("\n"), patterns, [])).toBeUndefined();
  });

  it("is left alone behind that of another engine, which wants to be the first too", () => {
    const wanted = permission(owner, "-P FORWARD DROP\n", patterns, [])?.split("\n") ?? [];
    const rules = [
      "-P FORWARD DROP",
      "-N GANTRY-abcd1234",
      "-A FORWARD -j GANTRY-0123cdef",
      "-A FORWARD -j GANTRY-abcd1234",
      "-A FORWARD -j REJECT",
      ...wanted.filter((line) => line.startsWith("-A")),
    ];
    expect(permission(owner, rules.join("\n"), patterns, [])).toBeUndefined();
  });

  it("lets an uplink pass that only looks like dockerd's", () => {
    expect(permission(owner, "-P FORWARD DROP\n", patterns, ["br-lan"])).toContain("-i gt-+ -o br-lan -j ACCEPT\n");
  });

  it("goes without a trace", () => {
    const rules = "-N DOCKER-USER\n-N GANTRY-abcd1234\n-A DOCKER-USER -j GANTRY-abcd1234\n-A DOCKER-USER -j RETURN\n";
    expect(noPermission(owner, rules)?.split("\n").slice(1, -2)).toEqual([
      ":GANTRY-abcd1234 - [0:0]",
      "-D DOCKER-USER -j GANTRY-abcd1234",
      "-X GANTRY-abcd1234",
    ]);
    expect(noPermission(owner, "-P FORWARD DROP\n")).toBeUndefined();
  });
});
