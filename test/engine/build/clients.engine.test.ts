/** Docker's own clients, as they are installed, against the embedded engine's socket. */

import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { removeTree } from "../../../src/engine/containers/rootfs/remove-tree.ts";
import { readMountTable } from "../../../src/engine/containers/runtime/view.ts";

const root = path.join(import.meta.dirname, "../../..");
const home = mkdtempSync(path.join(tmpdir(), "gantry-clients-"));
const host = `unix://${home}/engine.sock`;

/** Whether docker has a command: its plug-ins may not be installed. */
function has(...words: readonly string[]): boolean {
  try {
    execFileSync("docker", [...words, "version"], { stdio: "ignore", env: { ...process.env, DOCKER_HOST: host } });
    return true;
  } catch {
    return false;
  }
}
const hasBuildx = has("buildx");

let daemon: ChildProcess;
beforeAll(async () => {
  const places = ["--data-root", `${home}/data`, "--exec-root", `${home}/exec`, "--host", host, "--ready-fd", "3"];
  daemon = spawn(path.join(root, "bin/gantry"), ["daemon", "--log-level=error", ...places], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  await new Promise((resolve, reject) => {
    daemon.stdio[3]?.once("data", resolve);
    daemon.once("exit", () => reject(new Error("the daemon does not start")));
  });
  put("context/Dockerfile", `${base}COPY . /all/\n`);
  copyFileSync("/bin/busybox", path.join(home, "context/busybox"));
});
afterAll(async () => {
  const ended = new Promise((resolve) => daemon.once("exit", resolve));
  if (daemon.exitCode === null && daemon.kill()) await ended;
  const below = (await readMountTable()).map(({ target }) => target).filter((target) => target.startsWith(`${home}/`));
  for (const target of below.toSorted().reverse()) execFileSync("umount", ["--lazy", target]);
  await removeTree(home);
});

const base = 'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n';

function put(name: string, content: string): void {
  mkdirSync(path.join(home, path.dirname(name)), { recursive: true });
  writeFileSync(path.join(home, name), content);
}

/** What a client says on both of its outputs; rejects where it fails. */
async function docker(words: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)("docker", words.split(" "), {
    cwd: home,
    env: { ...process.env, DOCKER_HOST: host, BUILDKIT_PROGRESS: "plain", ...env },
  });
  return stdout + stderr;
}

/** The files of an image's step, as a container sees them. */
const cat = (image: string, file: string) => docker(`run --rm --network none ${image} cat ${file}`);

describe("docker build without BuildKit", () => {
  it("makes an image, and the second time from the cache", async () => {
    const build = "build --network=none -t classic context";
    expect(await docker(build, { DOCKER_BUILDKIT: "0" })).toContain("Successfully tagged classic:latest");
    expect((await docker(build, { DOCKER_BUILDKIT: "0" })).match(/Using cache/g)).toHaveLength(3);
    expect(await cat("classic", "/all/Dockerfile")).toContain("FROM scratch");
  });
});

describe.skipIf(!hasBuildx)("docker buildx (skipped where it is not installed)", () => {
  it("builds, with secrets and arguments, and from the cache", async () => {
    await docker("build --network=none -t built context");
    expect(await docker("build --network=none -t built context")).toMatch(/\[4\/4\] COPY \. \/all\/\n#\d+ CACHED/);
    put("secret", "s3cret\n");
    put("second/Dockerfile", "FROM built\nARG A\nRUN --mount=type=secret,id=s cat /run/secrets/s && echo $A >/a\n");
    const said = await docker("build --network=none --secret id=s,src=secret --build-arg A=given -t second second");
    expect(said).toContain("s3cret");
    expect(await cat("second", "/a")).toBe("given\n");
  });

  it("says what failed, with the code 1", async () => {
    put("bad/Dockerfile", "FROM built\nRUN echo before; exit 3\n");
    await expect(docker("build --network=none bad")).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("did not complete successfully: exit code: 3"),
    });
  });

  it("sends the result as a directory, and as an archive", async () => {
    put("files/Dockerfile", "FROM scratch\nCOPY Dockerfile /a/b\n");
    await docker("build --output type=local,dest=out files");
    expect(readFileSync(path.join(home, "out/a/b"), "utf8")).toContain("FROM scratch");
    await docker("build --output type=tar,dest=out.tar files");
    expect(execFileSync("tar", ["-tf", path.join(home, "out.tar")], { encoding: "utf8" })).toContain("a/b\n");
  });

  it("checks a Dockerfile without building it", async () => {
    put("checked/Dockerfile", "FROM nowhere\nMAINTAINER me\n");
    await expect(docker("build --check checked")).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining("WARNING: MaintainerDeprecated"),
    });
  });

  it("shows the place in the Dockerfile of what went wrong", async () => {
    put("placed/Dockerfile", "FROM built\nRUN false\n");
    await expect(docker("build --network=none placed")).rejects.toMatchObject({
      stderr: expect.stringMatching(/Dockerfile:2\n-+\n.*\n +2 \| >>> RUN false/),
    });
  });

  it("lists the build cache, keeps what was used lately, and removes the rest", async () => {
    expect(await docker("system df -v")).toMatch(/CACHE ID .*\n[0-9a-f]{12} /);
    expect(await docker("builder prune -af --filter until=24h")).toMatch(/Total:\s+0B/);
    expect(await docker("builder prune -af")).not.toMatch(/Total:\s+0B/);
    expect(await docker("buildx du")).toMatch(/Total:\s+0B/);
  });

  it("bakes targets that build upon one another", async () => {
    const bake = {
      target: {
        low: { context: "context", network: "none" },
        high: {
          contexts: { low: "target:low", beside: "second" },
          "dockerfile-inline": "FROM low\nCOPY --from=beside Dockerfile /beside\n",
          network: "none",
          tags: ["baked"],
        },
      },
    };
    put("bake.json", JSON.stringify(bake));
    await docker("buildx bake -f bake.json high");
    expect(await cat("baked", "/beside")).toContain("FROM built");
  });

  it.skipIf(!has("compose"))("builds the services of docker compose", async () => {
    put("web/Dockerfile", "FROM low\nARG X\nRUN echo $X >/x\n");
    const services = {
      low: { build: { context: "./context", network: "none" }, image: "compose-low" },
      web: {
        build: { context: "./web", network: "none", args: { X: "1" }, additional_contexts: { low: "service:low" } },
        image: "compose-web",
      },
    };
    put("compose.json", JSON.stringify({ name: "clients", services }));
    await docker("compose -f compose.json build");
    expect(await cat("compose-web", "/x")).toBe("1\n");
    expect(await docker("compose -f compose.json build low", { DOCKER_BUILDKIT: "0" })).toContain("Built");
  });
});
