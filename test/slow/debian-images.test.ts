/**
 * Images of Debian's own programs, built by our engine upon a base of Debian's packages, and run: what people build most. Needs
 * root, debootstrap and a Debian mirror (of this machine's sources, else deb.debian.org).
 */

import { execFile } from "node:child_process";
import { createReadStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAddress } from "../../src/engine/address.ts";
import { connect } from "../../src/engine/client.ts";

const run = promisify(execFile);
const embedded: string = "../../scripts/embedded.mjs";
const { startEmbedded }: { startEmbedded(): Promise<Engine | undefined> } = await import(embedded);
const gantry = path.join(import.meta.dirname, "../../bin/gantry");
const folder = mkdtempSync(path.join(tmpdir(), "gantry-slow-"));

interface Engine {
  readonly url: string;
  stop(): Promise<void>;
}

const install = (packages: string) =>
  `RUN apt-get update && apt-get install -y --no-install-recommends ${packages} && rm -rf /var/lib/apt/lists/*\n`;

const dockerfiles = {
  nginx: `FROM slow-base
${install("nginx-light curl")}RUN echo "built here" >/var/www/html/index.html
EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
`,
  redis: `FROM slow-base
${install("redis-server")}USER redis
WORKDIR /var/lib/redis
CMD ["redis-server", "--save", ""]
`,
  postgres: `FROM slow-base
${install("postgresql")}USER postgres
RUN <<END
set -e
initdb=$(ls /usr/lib/postgresql/*/bin/initdb)
"$initdb" --auth=trust -D /var/lib/postgresql/own
ln -s "$(dirname "$initdb")/postgres" /var/lib/postgresql/server
END
CMD ["/var/lib/postgresql/server", "-D", "/var/lib/postgresql/own", "-k", "/tmp"]
`,
  node: `FROM slow-base
${install("nodejs")}COPY server.js /srv/
CMD ["node", "/srv/server.js"]
`,
};
const services = Object.keys(dockerfiles).map((name) => `  ${name}:\n    build: ${name}\n    image: slow-${name}\n`);

let engine: Engine;

async function verb(...words: readonly string[]): Promise<string> {
  const env = { ...process.env, DOCKER_HOST: engine.url };
  const { stdout, stderr } = await run(process.execPath, [gantry, ...words], { cwd: folder, env, maxBuffer: 1 << 28 });
  return stdout + stderr;
}

/** What a command in a service's container says, as soon as it succeeds. */
async function answer(service: string, ...words: readonly string[]): Promise<string> {
  let text = "";
  const ask = async () => {
    text = await verb("exec", "-T", service, ...words).catch(() => "");
    return text;
  };
  await expect.poll(ask, { timeout: 60_000, interval: 500 }).not.toBe("");
  return text;
}

async function makeBase(): Promise<void> {
  const { stdout } = await run("sh", ["-c", "cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null; true"]);
  const mirror = /https?:\/\/\S+/.exec(stdout.replace(/^\s*#.*$/gm, ""))?.[0] ?? "http://deb.debian.org/debian";
  const [root, tar] = [path.join(folder, "root"), path.join(folder, "base.tar")];
  await run("debootstrap", ["--variant=minbase", "bookworm", root, mirror], { maxBuffer: 1 << 28 });
  // Services are started by the image's command, not by the packages' scripts.
  writeFileSync(path.join(root, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  await run("tar", ["-C", root, "--numeric-owner", "--exclude=./var/cache/apt/archives/*.deb", "-cf", tar, "."]);
  const client = connect(parseAddress(engine.url));
  try {
    const stream = createReadStream(tar);
    for await (const _ of await client.imageImport({ fromSrc: "-", repo: "slow-base", tag: "latest", stream }));
  } finally {
    client.close();
  }
}

async function imageIds(): Promise<readonly string[]> {
  const client = connect(parseAddress(engine.url));
  try {
    const names = Object.keys(dockerfiles).map((name) => `slow-${name}`);
    return await Promise.all(names.map(async (name) => (await client.imageInspect({ name })).Id));
  } finally {
    client.close();
  }
}

beforeAll(async () => {
  const started = await startEmbedded();
  if (started === undefined) throw new Error("the embedded engine does not start here");
  engine = started;
  writeFileSync(path.join(folder, "compose.yaml"), `name: slow\nservices:\n${services.join("")}`);
  for (const [name, text] of Object.entries(dockerfiles)) {
    mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, name, "Dockerfile"), text);
  }
  writeFileSync(path.join(folder, "node/server.js"), "console.log('node', 6 * 7); setInterval(() => {}, 1000);\n");
  await makeBase();
});
afterAll(async () => {
  await engine?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("images of Debian's packages", () => {
  it("are built side by side, and are the same images from the cache", async () => {
    await verb("build");
    const ids = await imageIds();
    await verb("build");
    expect(await imageIds()).toEqual(ids);
  });

  it("run, each as what it is", async () => {
    await verb("up", "-d");
    expect(await answer("nginx", "curl", "-fsS", "http://localhost/")).toBe("built here\n");
    expect(await answer("redis", "redis-cli", "ping")).toBe("PONG\n");
    expect(await answer("postgres", "psql", "-h", "/tmp", "-Atc", "select 6 * 7", "postgres")).toBe("42\n");
    expect(await answer("node", "node", "-p", "6 * 7")).toBe("42\n");
    expect(await verb("logs", "--no-log-prefix", "node")).toContain("node 42");
    const about = await answer("postgres", "stat", "-c", "%U %a", "/var/lib/postgresql/own");
    expect(about).toBe("postgres 700\n");
    await verb("down", "-t", "2");
  });
});
