import { describe, expect, it } from "vitest";
import { spellOut } from "../../../src/commands/argv.ts";
import { globalFlags } from "../../../src/commands/global-flags.ts";
import { type ContainerFlags, containerBody } from "../../../src/commands/topics/container-body.ts";
import { containerFlags } from "../../../src/commands/topics/container-flags.ts";
import { mountOf } from "../../../src/commands/topics/container-mount.ts";

const none: ContainerFlags = Object.assign(Object.create(null), {
  init: false,
  interactive: false,
  "no-healthcheck": false,
  "oom-kill-disable": false,
  privileged: false,
  "publish-all": false,
  quiet: false,
  "read-only": false,
  rm: false,
  tty: false,
});

const body = (flags: Partial<ContainerFlags>) =>
  containerBody(
    { ...none, ...flags },
    { image: "x", words: [], environment: [], labels: {}, attach: { stdin: false, output: true } },
  );

describe("the body that `container run` sends", () => {
  it("has nothing that was not asked for", () => {
    expect(body({})).toEqual({
      Image: "x",
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      OpenStdin: false,
      StdinOnce: false,
      Tty: false,
      Labels: {},
      HostConfig: {},
    });
  });

  it("publishes and exposes ports", () => {
    const { ExposedPorts, HostConfig } = body({ publish: ["127.0.0.1:8080:80", "53/udp"], expose: ["9000-9001"] });
    expect(Object.keys(ExposedPorts ?? {}).toSorted()).toEqual(["53/udp", "80/tcp", "9000/tcp", "9001/tcp"]);
    expect(HostConfig?.PortBindings).toEqual({
      "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }],
      "53/udp": [{ HostIp: "", HostPort: "" }],
    });
  });

  it("tells binds, named and anonymous volumes apart", () => {
    const { Volumes, HostConfig } = body({ volume: ["./a:/a:ro", "data:/d", "/anonymous"] });
    expect(Volumes).toEqual({ "/anonymous": {} });
    expect(HostConfig?.Binds).toEqual([`${process.cwd()}/a:/a:ro`, "data:/d"]);
  });

  it("has limits in the engine's units", () => {
    const limits = body({ memory: "512m", cpus: "1.5", ulimit: ["nofile=10:20"], restart: "on-failure:3" }).HostConfig;
    expect(limits).toEqual({
      Memory: 512 * 1024 ** 2,
      NanoCpus: 1.5e9,
      Ulimits: [{ Name: "nofile", Soft: 10, Hard: 20 }],
      RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 },
    });
  });

  it("puts addresses and names on the network that was named", () => {
    const { NetworkingConfig, HostConfig } = body({ network: "n", ip: "10.0.0.5", "network-alias": ["a"] });
    expect(HostConfig?.NetworkMode).toBe("n");
    expect(NetworkingConfig?.EndpointsConfig).toEqual({
      n: { IPAMConfig: { IPv4Address: "10.0.0.5" }, Aliases: ["a"] },
    });
  });

  it.each<[string, Partial<ContainerFlags>]>([
    ["--restart", { restart: "sometimes" }],
    ["--restart", { restart: "always:3" }],
    ["--cpus", { cpus: "many" }],
    ["--memory", { memory: "lots" }],
    ["--publish", { publish: ["99999:80"] }],
    ["--ulimit", { ulimit: ["nofile"] }],
    ["--gpus", { gpus: "some" }],
    ["--no-healthcheck", { "no-healthcheck": true, "health-cmd": "true" }],
    ["--mount", { mount: ["type=bind,target=/x"] }],
    ["--mount", { mount: ["type=tmpfs,target=/x,volume-nocopy"] }],
  ])("%s that is not understood is refused", (flag, flags) => {
    expect(() => body(flags)).toThrow(flag);
  });

  it("reads mounts of each type", () => {
    expect(mountOf("type=bind,src=/a,dst=/b,ro")).toEqual({ Type: "bind", Source: "/a", Target: "/b", ReadOnly: true });
    expect(mountOf("source=v,target=/b,volume-opt=type=nfs")).toEqual({
      Type: "volume",
      Source: "v",
      Target: "/b",
      VolumeOptions: { DriverConfig: { Options: { type: "nfs" } } },
    });
    expect(mountOf("type=tmpfs,target=/t,tmpfs-size=64m,tmpfs-mode=1777")).toEqual({
      Type: "tmpfs",
      Target: "/t",
      TmpfsOptions: { SizeBytes: 64 * 1024 ** 2, Mode: 0o1777 },
    });
  });

  it("takes docker's letters: -h is the host's name, what follows the image is the command's", () => {
    const after = ["-it", "-h", "box", "-m512m", "busybox", "ls", "-l"];
    expect(spellOut({ before: [], after }, globalFlags, containerFlags, { takesCommand: true })).toEqual([
      "--interactive",
      "--tty",
      "--hostname=box",
      "--memory=512m",
      "--",
      "busybox",
      "ls",
      "-l",
    ]);
  });
});
