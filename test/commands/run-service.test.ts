import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { type RunFlags, runService } from "../../src/commands/run-service.ts";
import { projectOf } from "../reconcile/project.ts";

const text = `
services:
  web:
    image: nginx
    container_name: fixed
    command: serve --all
    entrypoint: /start
    restart: always
    cap_add: [NET_ADMIN, SYS_TIME]
    ports: ["8080:80"]
    volumes: ["data:/data"]
    environment: {A: file, B: file}
    deploy: {replicas: 3, restart_policy: {condition: any}, resources: {limits: {memory: 64m}}}
volumes: {data: {}}
`;

async function run(flags: RunFlags, command: readonly string[] = []) {
  const project = projectOf(text, new Map([["FROM_HERE", "1"]]));
  const service = project.services.get("web");
  if (service === undefined) throw new Error("there is no web");
  return runService(project, service, { flags, command, tty: false, stdin: true });
}

describe("runService", () => {
  it("drops what would not fit a second container: name, ports, restarts, replicas", async () => {
    const service = await run({});
    expect(service).toMatchObject({ ports: [], stdin_open: true, tty: false, command: ["serve", "--all"] });
    expect(Object.keys(service)).not.toEqual(expect.arrayContaining(["container_name", "restart"]));
    expect(service.deploy).toEqual({ resources: expect.anything(), extensions: new Map() });
  });

  it("publishes the service's ports, or those of the flags", async () => {
    expect((await run({ "service-ports": true })).ports).toMatchObject([{ target: 80, published: "8080" }]);
    expect((await run({ publish: ["127.0.0.1:9000:90/udp"] })).ports).toMatchObject([
      { target: 90, published: "9000", host_ip: "127.0.0.1", protocol: "udp" },
    ]);
    await expect(run({ publish: ["x:y"] })).rejects.toThrow('--publish "x:y"');
  });

  it("gives a new entrypoint no words of the old command", async () => {
    expect(await run({ entrypoint: "sh -c" })).toMatchObject({ entrypoint: ["sh", "-c"], command: [] });
    expect(await run({ entrypoint: "sh" }, ["-l"])).toMatchObject({ entrypoint: ["sh"], command: ["-l"] });
    expect(await run({}, ["ls"])).toMatchObject({ entrypoint: ["/start"], command: ["ls"] });
  });

  it("sets variables: of the flags, then of the files, then the service's; a bare name is the project's", async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "gantry-run-"));
    const file = path.join(folder, "more.env");
    writeFileSync(file, "B=from-file\nC=from-file\n");
    const service = await run({ env: ["C=flag", "FROM_HERE", "NOWHERE"], "env-from-file": [file] });
    expect(Object.fromEntries(service.environment ?? [])).toEqual({
      A: "file",
      B: "from-file",
      C: "flag",
      FROM_HERE: "1",
    });
    rmSync(folder, { recursive: true });
    await expect(run({ "env-from-file": [file] })).rejects.toThrow("couldn't find env file");
  });

  it("takes capabilities from one list when they go to the other", async () => {
    const service = await run({ "cap-add": ["CHOWN"], "cap-drop": ["NET_ADMIN"] });
    expect(service).toMatchObject({ cap_add: ["SYS_TIME", "CHOWN"], cap_drop: ["NET_ADMIN"] });
  });

  it("mounts over what the service has at a target, and makes paths absolute", async () => {
    const { volumes } = await run({ volume: ["./x:/data:ro", "cache:/cache"] });
    expect(volumes).toMatchObject([
      { type: "bind", source: path.resolve("x"), target: "/data", read_only: true },
      { type: "volume", source: "cache", target: "/cache" },
    ]);
  });

  it("wants labels with a value", async () => {
    expect((await run({ label: ["a=b=c"] })).labels?.get("a")).toBe("b=c");
    await expect(run({ label: ["a"] })).rejects.toThrow('--label "a" is not NAME=VALUE');
  });
});
