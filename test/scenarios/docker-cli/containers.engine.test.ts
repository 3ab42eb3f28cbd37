import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Bench, end, eventually, hears, idle, image, openBench, withDocker } from "./bench.ts";

withDocker("the docker CLI's containers", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());

  const state = (name: string, format: string) => bench.says("inspect", "--format", format, name);
  const gone = async (name: string) => (await bench.docker("inspect", name)).exitCode === 1;

  it("run passes both streams and the exit code on, and --rm leaves nothing", async () => {
    const script = "echo out; echo err >&2; exit 3";
    const ran = await bench.docker("run", "--rm", "--name", "once", image, "sh", "-c", script);
    expect(ran).toEqual({ exitCode: 3, stdout: "out\n", stderr: "err\n" });
    expect(await gone("once")).toBe(true);
    const piped = bench.start("run", "--rm", "-i", image, "cat");
    piped.stdin.end("through\n");
    expect(await end(piped)).toEqual({ exitCode: 0, stdout: "through\n", stderr: "" });
  });

  it("run says what cannot be run, with docker's exit codes", async () => {
    const unknown = await bench.docker("run", "--rm", image, "nope");
    expect(unknown.exitCode).toBe(127);
    expect(unknown.stderr).toContain('exec: "nope": executable file not found in $PATH');
    const folder = await bench.docker("run", "--rm", image, "/bin");
    expect(folder.exitCode).toBe(126);
    expect(await bench.says("ps", "-aq")).toBe("");
  });

  it("run -it has a terminal of the user's size, and passes keys and the exit code on", async () => {
    const terminal = bench.type("run", "--rm", "-it", "--name", "typed", image, "sh");
    await eventually(async () => (await state("typed", "{{.State.Running}}")) === "true");
    terminal.stdin.write("tty; test -t 0 -a -t 1 && echo ter''minal; exit 5\n");
    const { exitCode, stdout } = await end(terminal);
    expect(stdout).toContain("/dev/pts/0\r\nterminal\r\n");
    expect(exitCode).toBe(5);
    expect(await gone("typed")).toBe(true);
  });

  it("the detach keys leave a terminal, attach comes back to it", async () => {
    const terminal = bench.type("run", "-it", "--name", "kept", image, "sh");
    await eventually(async () => (await state("kept", "{{.State.Running}}")) === "true");
    terminal.stdin.write("echo he''re\n");
    await hears(terminal, "here");
    terminal.stdin.write("\x10\x11");
    expect((await terminal).exitCode).toBe(0);
    expect(await state("kept", "{{.State.Running}}")).toBe("true");
    const again = bench.type("attach", "--detach-keys", "ctrl-x", "kept");
    again.stdin.write("echo ba''ck\n");
    await hears(again, "back");
    again.stdin.write("\x18");
    await again;
    expect(await state("kept", "{{.State.Running}}")).toBe("true");
    const last = bench.type("attach", "kept");
    last.stdin.write("exit 4\n");
    expect((await last).exitCode).toBe(4);
    expect(await bench.says("wait", "kept")).toBe("4");
    await bench.says("rm", "kept");
  });

  it("exec runs beside the first process: as a user, in a folder, with a terminal, detached", async () => {
    await bench.says("run", "-d", "--name", "host", image, ...idle);
    const options = ["--user", "7:8", "--workdir", "/tmp", "--env", "X=1"];
    await bench.says("exec", "host", "mkdir", "-p", "/tmp");
    expect(await bench.says("exec", ...options, "host", "sh", "-c", "id -u; id -g; pwd; echo $X")).toBe(
      "7\n8\n/tmp\n1",
    );
    expect((await bench.docker("exec", "host", "sh", "-c", "exit 7")).exitCode).toBe(7);
    expect((await bench.docker("exec", "host", "nope")).exitCode).toBe(127);
    const terminal = bench.type("exec", "-it", "host", "sh");
    terminal.stdin.write("test -t 0 && echo ter''minal; exit 6\n");
    const { exitCode, stdout } = await end(terminal);
    expect(stdout).toContain("terminal\r\n");
    expect(exitCode).toBe(6);
    await bench.says("exec", "-d", "host", "touch", "/done");
    await eventually(async () => (await bench.docker("exec", "host", "test", "-e", "/done")).exitCode === 0);
    await bench.says("rm", "-f", "host");
  });

  it("logs tells what was said: the tail, with times, and what is still to come", async () => {
    await bench.says(
      "run",
      "-d",
      "--name",
      "piper",
      "-i",
      image,
      "sh",
      "-c",
      "echo one; echo two >&2; read line; echo $line",
    );
    await eventually(async () => (await bench.docker("logs", "piper")).stderr === "two\n");
    expect(await bench.docker("logs", "piper")).toEqual({ exitCode: 0, stdout: "one\n", stderr: "two\n" });
    expect((await bench.docker("logs", "--tail", "1", "piper")).stderr).toBe("two\n");
    expect((await bench.docker("logs", "-t", "piper")).stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z one\n$/);
    const follower = bench.start("logs", "-f", "piper");
    await hears(follower, "one\n");
    const attached = bench.start("attach", "piper");
    attached.stdin.end("three\n");
    await attached;
    expect((await follower).stdout).toBe("one\nthree\n");
    expect(await bench.says("logs", "--since", "2001-01-01", "--until", "2002-01-01", "piper")).toBe("");
    await bench.says("rm", "-f", "piper");
  });

  it("ps filters and formats", async () => {
    await bench.says("run", "-d", "--name", "ps-up", "-l", "tier=one", "-p", "127.0.0.1::80", image, ...idle);
    await bench.docker("run", "--name", "ps-down", "-l", "tier=two", image, "sh", "-c", "exit 9");
    const names = (...filters: string[]) =>
      bench.says("ps", "-a", "--format", "{{.Names}}", ...filters.flatMap((filter) => ["--filter", filter]));
    expect(await names()).toBe("ps-down\nps-up");
    expect(await bench.says("ps", "--format", "{{.Names}}")).toBe("ps-up");
    expect(await names("status=exited")).toBe("ps-down");
    expect(await names("exited=9")).toBe("ps-down");
    expect(await names("exited=0")).toBe("");
    expect(await names("label=tier")).toBe("ps-down\nps-up");
    expect(await names("label=tier=one")).toBe("ps-up");
    expect(await names("name=^ps-u")).toBe("ps-up");
    expect(await names("before=ps-down")).toBe("ps-up");
    expect(await names("since=ps-up")).toBe("ps-down");
    expect(await names(`ancestor=${image}`)).toBe("ps-down\nps-up");
    expect(await names("publish=80")).toBe("");
    const [, port = ""] = /:(\d+)/.exec(await bench.says("port", "ps-up")) ?? [];
    expect(await names(`publish=${port}/tcp`)).toBe("ps-up");
    expect(await names("expose=80/tcp")).toBe("ps-up");
    expect(await names("network=bridge")).toBe("ps-down\nps-up");
    const row = await bench.says(
      "ps",
      "--format",
      "{{.Image}}|{{.Command}}|{{.State}}|{{.Status}}|{{.Ports}}|{{.Networks}}",
    );
    expect(row).toMatch(
      /^bench\/busybox:1\|"sh -c 'trap 'exit 0…"\|running\|Up (Less than a second|\d+ seconds?)\|127\.0\.0\.1:\d+->80\/tcp\|bridge$/,
    );
    const refused = await bench.docker("ps", "--filter", "bogus=1");
    expect(refused.stderr).toContain("invalid filter 'bogus'");
    await bench.says("rm", "-f", "ps-up", "ps-down");
  });

  it("cp copies files and folders both ways, links stay inside", async () => {
    await bench.says("run", "-d", "--name", "box", image, ...idle);
    mkdirSync(path.join(bench.folder, "tree/deep"), { recursive: true });
    writeFileSync(path.join(bench.folder, "tree/deep/file"), "content");
    await bench.says("cp", "tree", "box:/copied");
    expect(await bench.says("exec", "box", "cat", "/copied/deep/file")).toBe("content");
    await bench.says("exec", "box", "sh", "-c", "echo made >/copied/new; ln -s /etc /copied/out");
    await bench.says("cp", "box:/copied", "back");
    expect(readFileSync(path.join(bench.folder, "back/new"), "utf8")).toBe("made\n");
    await bench.says("exec", "box", "sh", "-c", `mkdir -p /etc; ln -s ${bench.folder} /escape`);
    await bench.docker("cp", "tree/deep/file", "box:/escape/planted");
    expect(() => readFileSync(path.join(bench.folder, "planted"))).toThrow("ENOENT");
    const absent = await bench.docker("cp", "box:/nosuch", ".");
    expect(absent.stderr).toContain("Could not find the file /nosuch in container box");
    await bench.says("rm", "-f", "box");
  });

  it("stats, top, diff and inspect tell about a running container", async () => {
    await bench.says("run", "-d", "--name", "seen", "-m", "64m", image, ...idle);
    const row = await bench.says("stats", "--no-stream", "--format", "{{.Name}}|{{.MemUsage}}|{{.PIDs}}", "seen");
    expect(row).toMatch(/^seen\|\S+ \/ 64MiB\|2$/);
    expect(await bench.says("top", "seen", "-o", "pid,args")).toMatch(/PID +COMMAND\n\d+ +sh -c trap/);
    await bench.says("exec", "seen", "sh", "-c", "echo x >/new; test -e /.dockerenv && echo x >/.dockerenv");
    expect(await bench.says("diff", "seen")).toBe("C /.dockerenv\nA /new");
    expect(await state("seen", "{{.HostConfig.Memory}} {{.State.Status}} {{.Config.Image}}")).toBe(
      `67108864 running ${image}`,
    );
    await bench.says("update", "--memory", "100m", "seen");
    const beyond = await bench.docker("update", "--memory", "200m", "seen");
    expect(beyond.stderr).toContain("Memory limit should be smaller than already set memoryswap limit");
    await bench.says("update", "--memory", "32m", "--memory-swap", "32m", "seen");
    expect(await state("seen", "{{.HostConfig.Memory}}")).toBe("33554432");
    await bench.says("rm", "-f", "seen");
  });

  it("stop, start, restart, pause, kill, rename and rm, each with its events", async () => {
    const since = String(Math.floor(Date.now() / 1000));
    const id = await bench.says("create", "--name", "life", image, ...idle);
    await bench.says("start", "life");
    await bench.says("pause", "life");
    expect(await state("life", "{{.State.Status}}")).toBe("paused");
    expect((await bench.docker("exec", "life", "true")).stderr).toContain(
      "is paused, unpause the container before exec",
    );
    await bench.says("unpause", "life");
    await bench.says("restart", "-t", "5", "life");
    await bench.says("kill", "-s", "INT", "life");
    expect(await bench.says("wait", "life")).toBe("0");
    await bench.says("rename", "life", "afterlife");
    await bench.says("start", "afterlife");
    expect((await bench.docker("rm", "afterlife")).stderr).toContain(
      "container is running: stop the container before removing or force remove",
    );
    await bench.says("stop", "afterlife");
    expect(await state("afterlife", "{{.State.ExitCode}}")).toBe("0");
    await bench.says("rm", "afterlife");
    const until = String(Math.ceil(Date.now() / 1000) + 1);
    const events = [
      "events",
      "--since",
      since,
      "--until",
      until,
      "--filter",
      "type=container",
      "--filter",
      `container=${id}`,
      "--format",
      "{{.Action}}",
    ];
    expect((await bench.says(...events)).split("\n")).toEqual(
      "create start pause unpause kill die stop start restart kill die rename start kill die stop destroy".split(" "),
    );
  });

  it("a restart policy brings a container back as often as it says", async () => {
    await bench.says(
      "run",
      "-d",
      "--name",
      "again",
      "--restart",
      "on-failure:2",
      image,
      "sh",
      "-c",
      "echo run; exit 1",
    );
    await eventually(async () => (await state("again", "{{.State.Status}} {{.RestartCount}}")) === "exited 2");
    expect(await bench.says("logs", "again")).toBe("run\nrun\nrun");
    await bench.says("run", "-d", "--name", "always", "--restart", "always", image, ...idle);
    const pid = await state("always", "{{.State.Pid}}");
    await bench.docker("exec", "always", "kill", "-TERM", "1");
    await eventually(async () => {
      const now = await state("always", "{{.State.Running}} {{.State.Pid}}");
      return now.startsWith("true") && now !== `true ${pid}`;
    });
    await bench.says("stop", "always");
    expect(await state("always", "{{.State.Running}}")).toBe("false");
    await bench.says("rm", "again", "always");
  });

  it("a health check turns healthy and unhealthy", async () => {
    const check = ["--health-cmd", "test -e /well", "--health-interval", "100ms", "--health-retries", "1"];
    await bench.says("run", "-d", "--name", "patient", ...check, image, ...idle);
    const health = () => state("patient", "{{.State.Health.Status}}");
    await eventually(async () => (await health()) === "unhealthy");
    await bench.says("exec", "patient", "touch", "/well");
    await eventually(async () => (await health()) === "healthy");
    expect(await bench.says("ps", "--filter", "health=healthy", "--format", "{{.Status}}")).toContain("(healthy)");
    await bench.says("rm", "-f", "patient");
  });
});
