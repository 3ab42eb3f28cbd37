import { mkdirSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStand, type Stand } from "./stand.ts";

let stand: Stand;
beforeAll(async () => {
  stand = await openStand();
});
afterAll(() => stand.close());

const calls = () => stand.containers.calls;
const output = async (...args: Parameters<Stand["run"]>) => (await stand.run(...args)).output;

describe("inside a container", () => {
  it("the process is who it was asked to be", async () => {
    expect(await output("id; echo $HOME", { User: "app", HostConfig: { GroupAdd: ["77"] } })).toBe(
      "uid=1000(app) gid=1001(app) groups=77,1001(app),2000(extra)\n/home/app\n",
    );
    expect(await output("id", { User: "4000:5000" })).toBe("uid=4000 gid=5000 groups=5000\n");
  });

  it("the environment is the image's and the call's, and none of the daemon's", async () => {
    process.env.GANTRY_CANARY = "must not be seen";
    const lines = (await output("env", { Env: ["OWN=yes"], Hostname: "web" })).trim().split("\n").toSorted();
    expect(lines.filter((line) => !line.startsWith("PATH=") && !/^(PWD|SHLVL)=/.test(line))).toEqual([
      "HOME=/root",
      "HOSTNAME=web",
      "MADE=here",
      "OWN=yes",
    ]);
  });

  it("seccomp filters, capabilities are docker's, and what is dangerous in /proc is hidden", async () => {
    const script =
      "grep -E 'Seccomp:|CapBnd|NoNewPrivs' /proc/self/status; cat /proc/interrupts | wc -c; umount /proc 2>/dev/null";
    const { output: text, code } = await stand.run(script);
    expect(text).toMatch(/CapBnd:\t00000000a80425fb\nNoNewPrivs:\t0\nSeccomp:\t2\n0\n/);
    expect(code).not.toBe(0);
    // The second one has the compiled filter of the first.
    expect((await stand.run(script)).output).toMatch(/Seccomp:\t2\n0\n/);
    const open = { HostConfig: { SecurityOpt: ["seccomp=unconfined", "no-new-privileges"] } };
    expect(await output("grep -E 'Seccomp:|NoNewPrivs' /proc/self/status", open)).toBe("NoNewPrivs:\t1\nSeccomp:\t0\n");
  });

  it("a privileged one may mount", async () => {
    const script = "mount -t tmpfs none /tmp && echo mounted; test -c /dev/kmsg && echo device";
    expect(await output(script, { HostConfig: { Privileged: true } })).toBe("mounted\ndevice\n");
  });

  it("the root is read-only where that is asked for, a tmpfs is not", async () => {
    const HostConfig = { ReadonlyRootfs: true, Tmpfs: { "/tmp": "size=1m" } };
    expect(
      await output("touch /file 2>/dev/null || echo refused; touch /tmp/file && echo written", { HostConfig }),
    ).toBe("refused\nwritten\n");
  });

  it("the init program is the first process, and reaps", async () => {
    expect(await output("ps; true", { HostConfig: { Init: true } })).toMatch(/^ *1 .*docker-init -- sh -c/m);
  });

  it("limits are in force", async () => {
    const HostConfig = {
      Memory: 64 * 1024 * 1024,
      PidsLimit: 17,
      NanoCpus: 5e8,
      Ulimits: [{ Name: "nofile", Soft: 100, Hard: 200 }],
      ShmSize: 1024 * 1024,
      Sysctls: { "net.core.somaxconn": "77" },
    };
    const id = await stand.create(
      "ulimit -n; cat /proc/sys/net/core/somaxconn; grep /dev/shm /proc/mounts; sleep 100",
      {
        HostConfig,
      },
    );
    await calls().containerStart({ id });
    await stand.until(() => stand.log(id).includes("/dev/shm"));
    expect(stand.log(id)).toMatch(/^100\n77\nshm \/dev\/shm tmpfs .*size=1024k/);
    const group = (controller: string, file: string) => path.join("/sys/fs/cgroup", controller, "gantry", id, file);
    const { layout } = stand.containers.probe;
    const [memory, pids] =
      layout === "v2"
        ? [group("", "memory.max"), group("", "pids.max")]
        : [group("memory", "memory.limit_in_bytes"), group("pids", "pids.max")];
    expect([memory, pids].map((file) => readFileSync(file, "utf8").trim())).toEqual(["67108864", "17"]);
    await calls().containerUpdate({ id, body: { Memory: 128 * 1024 * 1024, MemorySwap: -1, PidsLimit: 30 } });
    expect([memory, pids].map((file) => readFileSync(file, "utf8").trim())).toEqual(["134217728", "30"]);
    expect((await stand.inspect(id)).HostConfig).toMatchObject({ Memory: 134_217_728, PidsLimit: 30, NanoCpus: 5e8 });
  });

  it("says that it ran out of memory", async () => {
    const HostConfig = { Memory: 8 * 1024 * 1024, MemorySwap: 8 * 1024 * 1024 };
    const { id, code } = await stand.run("x=12345678; while true; do x=$x$x; done", { HostConfig });
    expect(code).toBe(137);
    expect((await stand.inspect(id)).State.OOMKilled).toBe(true);
    expect(stand.events.filter(({ Actor }) => Actor.ID === id).map(({ Action }) => Action)).toContain("oom");
  });

  it("namespaces are shared as asked for", async () => {
    const first = await stand.create("sleep 100", { Hostname: "first", HostConfig: { IpcMode: "shareable" } });
    await calls().containerStart({ id: first });
    const partner = `container:${first}`;
    const HostConfig = { NetworkMode: partner, PidMode: partner, IpcMode: partner };
    const namespaces = "for name in net pid ipc; do ls -l /proc/self/ns/$name; done";
    const namespacesOf = (text: string) => [...text.matchAll(/(\w+:\[\d+\])/g)].map(([name]) => name);
    const { Pid } = (await stand.inspect(first)).State;
    const theirs = ["net", "pid", "ipc"].map((name) => readlinkSync(`/proc/${Pid}/ns/${name}`));
    expect(namespacesOf(await output(namespaces, { HostConfig }))).toEqual(theirs);
    const hosts = ["net", "pid", "ipc"].map((name) => readlinkSync(`/proc/self/ns/${name}`));
    const all = { HostConfig: { NetworkMode: "host", PidMode: "host", IpcMode: "host" } };
    expect(namespacesOf(await output(namespaces, all))).toEqual(hosts);
    await calls().containerStop({ id: first, t: 0 });
    await expect(stand.run("true", { HostConfig })).rejects.toMatchObject({ status: 409 });
  });

  it("a hostile /etc/passwd is not followed out of the root", async () => {
    const id = await stand.create("true", { User: "root" });
    const { upper } = stand.containers.room.places.of(id);
    mkdirSync(path.join(upper, "etc"));
    symlinkSync("/etc/../../../../etc/shadow", path.join(upper, "etc/passwd"));
    await expect(calls().containerStart({ id })).rejects.toMatchObject({
      status: 400,
      message: "unable to find user root: no matching entries in passwd file",
    });
  });
});
