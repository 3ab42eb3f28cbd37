import { once } from "node:events";
import { statSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Bench, end, eventually, idle, image, openBench, withDocker } from "./bench.ts";

/** A web server that says its own name. */
const web = ["sh", "-c", "mkdir /www; hostname >/www/index.html; exec httpd -f -p 80 -h /www"];

const fetching = `
  const answer = await fetch(process.argv[1], { signal: AbortSignal.timeout(3000) });
  process.stdout.write(await answer.text());
`;

/** Sends every datagram back to whoever sent it. */
const echoing = `
  const server = require("node:dgram").createSocket("udp4", (message, { port, address }) => server.send(message, port, address));
  server.bind(Number(process.argv[1]), () => console.log("bound"));
`;

/** Asks twice from one connected socket, and tells both answers. */
const asking = `
  const [, host, port] = process.argv;
  const client = require("node:dgram").createSocket(host.includes(":") ? "udp6" : "udp4");
  const heard = [];
  client.on("message", (message) => {
    heard.push(message);
    if (heard.length === 1) return client.send("two");
    process.stdout.write(heard.join(" "));
    process.exit(0);
  });
  client.on("error", () => process.exit(1));
  client.connect(Number(port), host, () => client.send("one"));
  setTimeout(() => process.exit(2), 3000);
`;

withDocker("the docker CLI's networks, volumes, images and ports", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());

  const fetched = (url: string) => bench.host(process.execPath, "-e", fetching, url);
  const served = (url: string, text: string) => eventually(async () => (await fetched(url)) === text);

  it("networks: made with a subnet, joined by name, left, refused while in use, removed", async () => {
    await bench.says("network", "create", "--subnet", "10.77.0.0/24", "--label", "a=b", "blue");
    await bench.says("network", "create", "green");
    expect((await bench.docker("network", "create", "blue")).stderr).toContain("network with name blue already exists");
    expect(await bench.says("network", "ls", "--filter", "label=a=b", "--format", "{{.Name}} {{.Driver}}")).toBe(
      "blue bridge",
    );
    await bench.says(
      "run",
      "-d",
      "--name",
      "server",
      "--network",
      "blue",
      "--ip",
      "10.77.0.20",
      "--network-alias",
      "site",
      image,
      ...idle,
    );
    const lookUp = (name: string, network: string) =>
      bench.docker("run", "--rm", "--network", network, image, "ping", "-c", "1", "-W", "2", name);
    expect((await lookUp("site", "blue")).stdout).toContain("10.77.0.20");
    expect((await lookUp("server", "green")).exitCode).not.toBe(0);
    await bench.says("network", "connect", "--alias", "other", "green", "server");
    expect((await lookUp("other", "green")).exitCode).toBe(0);
    expect((await bench.docker("network", "rm", "blue")).stderr).toContain("has active endpoints");
    await bench.says("network", "disconnect", "green", "server");
    await bench.says("rm", "-f", "server");
    expect(await bench.says("network", "prune", "-f")).toMatch(/blue\ngreen$|green\nblue$/);
    expect((await bench.docker("network", "inspect", "blue")).stderr).toContain("network blue not found");
  });

  it("volumes: filled, shared read-only, refused while in use, pruned", async () => {
    await bench.says("volume", "create", "--label", "a=b", "data");
    await bench.says("run", "--rm", "-v", "data:/d", image, "sh", "-c", "echo kept >/d/file");
    const reader = await bench.docker(
      "run",
      "--name",
      "reader",
      "-v",
      "data:/d:ro",
      image,
      "sh",
      "-c",
      "cat /d/file; >/d/x",
    );
    expect(reader.stdout).toBe("kept\n");
    expect(reader.stderr).toContain("Read-only file system");
    expect((await bench.docker("volume", "rm", "data")).stderr).toContain("volume is in use");
    await bench.says("rm", "reader");
    expect(await bench.says("volume", "ls", "-q", "--filter", "label=a")).toBe("data");
    await bench.says("run", "-d", "--rm", "--name", "brief", "-v", "/anonymous", image, ...idle);
    await bench.says("stop", "brief");
    await eventually(async () => (await bench.says("volume", "ls", "-q")) === "data");
    expect(await bench.says("volume", "prune", "-af")).toContain("data");
    expect(await bench.says("volume", "ls", "-q")).toBe("");
  });

  it("published ports: fixed, ranges, host addresses, IPv6, udp, ephemeral, from loopback too; a taken one is refused", async () => {
    const ports = [
      "-p",
      "18080:80",
      "-p",
      "127.0.0.1:18081:80",
      "-p",
      "[::1]:18082:80",
      "-p",
      "80",
      "-p",
      "19000-19002:9000-9002/udp",
    ];
    await bench.says("run", "-d", "--name", "web", "-h", "web", ...ports, image, ...web);
    const gateway = await bench.says("network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", "bridge");
    await served("http://127.0.0.1:18080/", "web");
    await served(`http://${gateway}:18080/`, "web");
    await served("http://[::1]:18080/", "web");
    await served("http://127.0.0.1:18081/", "web");
    await served("http://[::1]:18082/", "web");
    await expect(fetched(`http://${gateway}:18081/`)).rejects.toThrow();
    const lines = (await bench.says("port", "web")).split("\n");
    expect(lines).toContain("9001/udp -> 0.0.0.0:19001");
    const ephemeral = lines
      .map((line) => /^80\/tcp -> 0\.0\.0\.0:(\d+)$/.exec(line)?.[1])
      .find((port) => port !== undefined && port !== "18080");
    await served(`http://127.0.0.1:${ephemeral}/`, "web");
    const refused = await bench.docker("run", "--name", "second", "-p", "18080:80", image, "true");
    expect(refused.stderr).toContain("Bind for 0.0.0.0:18080 failed: port is already allocated");
    await bench.says("rm", "-f", "web");
    await bench.says("start", "-a", "second");
    await bench.says("rm", "second");
    await expect(fetched("http://127.0.0.1:18080/")).rejects.toThrow();
  });

  it("udp: an answer comes back from the published port, also to a client that asks again", async () => {
    await bench.says("run", "-d", "--name", "echo", "-p", "19100:53/udp", image, ...idle);
    const pid = await bench.says("inspect", "--format", "{{.State.Pid}}", "echo");
    const server = execa("nsenter", ["-t", pid, "-n", process.execPath, "-e", echoing, "53"], { reject: false });
    await once(server.stdout, "data");
    const gateway = await bench.says("network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", "bridge");
    for (const host of ["127.0.0.1", gateway, "::1"]) {
      expect(await bench.host(process.execPath, "-e", asking, host, "19100")).toBe("one two");
    }
    server.kill();
    await bench.says("rm", "-f", "echo");
    await expect(bench.host(process.execPath, "-e", asking, "127.0.0.1", "19100")).rejects.toThrow();
  });

  it("images: tagged, committed, saved, removed, loaded, exported and imported", async () => {
    await bench.says("run", "--name", "maker", image, "sh", "-c", "echo made >/file");
    await bench.says("commit", "-m", "a file", "-c", "CMD cat /file", "maker", "made:1");
    expect(await bench.says("run", "--rm", "made:1")).toBe("made");
    const id = await bench.says("image", "inspect", "--format", "{{.Id}}", "made:1");
    await bench.says("save", "-o", "made.tar", "made:1");
    expect(await bench.says("rmi", "made:1")).toContain("Untagged: made:1");
    expect((await bench.docker("image", "inspect", "made:1")).stderr).toContain("No such image: made:1");
    expect(await bench.says("load", "-i", "made.tar")).toBe("Loaded image: made:1");
    expect(await bench.says("image", "inspect", "--format", "{{.Id}}", "made:1")).toBe(id);
    expect(await bench.says("history", "--format", "{{.Comment}}", "made:1")).toMatch(/^a file\n/);
    await bench.says("export", "-o", "maker.tar", "maker");
    await bench.says("import", "maker.tar", "flat:1");
    expect(await bench.says("run", "--rm", "flat:1", "/bin/cat", "/file")).toBe("made");
    expect((await bench.docker("load", "-i", "maker.tar")).exitCode).toBe(1);
    await bench.says("rm", "maker");
    await bench.says("rmi", "flat:1", "made:1");
  });

  it("system df and prune: what is unused goes, what is used stays", async () => {
    await bench.says("run", "-d", "--name", "stays", "-v", "stays:/d", image, ...idle);
    await bench.says("run", "--name", "goes", image, "true");
    await bench.says("network", "create", "goes");
    const df = await bench.says("system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Active}} {{.Reclaimable}}");
    expect(df).toContain("Images 1 1 0B (0%)");
    expect(df).toContain("Containers 2 1 ");
    expect(df).toContain("Local Volumes 1 1 0B");
    const pruned = await bench.says("system", "prune", "-f", "--volumes");
    expect(pruned).toContain("Deleted Networks:\ngoes");
    expect(await bench.says("ps", "-a", "--format", "{{.Names}}")).toBe("stays");
    expect(await bench.says("volume", "ls", "-q")).toBe("stays");
    await bench.says("rm", "-f", "stays");
    await bench.says("volume", "rm", "stays");
  });

  it("bad names reach nothing, and say what is allowed", async () => {
    const refusals: readonly (readonly [words: string, ...args: string[]])[] = [
      ["only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", "create", "--name", "a/b", image],
      ["only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", "create", "--name", "../x", image],
      ["only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", "create", "--name", "$(touch x)", image],
      ["only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", "network", "create", "a; flush ruleset"],
      ['only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed', "volume", "create", "`id`"],
      ["invalid filter 'bogus'", "network", "ls", "--filter", "bogus=1"],
      ["invalid filter 'bogus'", "volume", "ls", "--filter", "bogus=1"],
      ["invalid filter 'bogus'", "images", "--filter", "bogus=1"],
      ["network nowhere not found", "run", "--network", "nowhere", image],
      ["No such container: nobody", "run", "--volumes-from", "nobody", image],
      ["No such object: nobody", "inspect", "nobody"],
      ["unknown log opt 'bogus'", "create", "--log-opt", "bogus=1", image],
    ];
    for (const [words, ...args] of refusals) {
      const { exitCode, stderr } = await bench.docker(...args);
      expect(stderr).toContain(words);
      expect(stderr).not.toContain("Unable to find image");
      expect(exitCode).not.toBe(0);
    }
    expect(await bench.says("ps", "-aq")).toBe("");
    expect(() => statSync(path.join(bench.folder, "x"))).toThrow("ENOENT");
  });

  it("a daemon that is killed disturbs nobody: containers, names and ports go on, the next one takes them over", async () => {
    await bench.says("network", "create", "net");
    await bench.says("run", "-d", "--name", "web", "-h", "web", "--network", "net", "-p", "18090:80", image, ...web);
    await bench.says("run", "-d", "--name", "client", "--network", "net", image, ...idle);
    await served("http://127.0.0.1:18090/", "web");
    const links = await bench.host("ip", "-brief", "link");
    const pid = await bench.says("inspect", "--format", "{{.State.Pid}}", "client");
    await bench.kill();
    await served("http://127.0.0.1:18090/", "web");
    const entered = await bench.host(
      "nsenter",
      ...["-t", pid, "-m", "-n", "/bin/wget", "-q", "-O", "-", "http://web/"],
    );
    expect(entered).toBe("web");
    await bench.boot();
    expect(await bench.says("ps", "--format", "{{.Names}}")).toBe("client\nweb");
    expect(await bench.says("inspect", "--format", "{{.State.Pid}}", "client")).toBe(pid);
    expect(await bench.host("ip", "-brief", "link")).toBe(links);
    expect(await bench.says("exec", "client", "wget", "-q", "-O", "-", "http://web/")).toBe("web");
    const waiting = bench.start("wait", "client");
    await bench.says("stop", "client");
    expect((await end(waiting)).stdout).toBe("0\n");
    await bench.says("rm", "-f", "web", "client");
    await bench.says("network", "rm", "net");
    expect(await bench.host("ip", "-brief", "link")).not.toContain("gv-");
  });
});
