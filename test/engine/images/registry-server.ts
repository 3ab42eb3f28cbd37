/** Debian's docker-registry on a loopback port, for one test file. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface RegistryServer {
  /** `localhost:PORT` */
  readonly host: string;
  stop(): Promise<void>;
}

/** Throws where docker-registry is not installed (Debian: apt-get install docker-registry). */
export async function startRegistry(more = ""): Promise<RegistryServer> {
  const home = await mkdtemp(path.join(tmpdir(), "gantry-registry-"));
  const port = await freePort();
  const config = path.join(home, "config.yml");
  await writeFile(
    config,
    `version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: ${home}/data}, delete: {enabled: true}}\n` +
      `http: {addr: "127.0.0.1:${port}"}\n${more}`,
  );
  const child = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  await Promise.race([failed, answering(`http://127.0.0.1:${port}/v2/`)]);
  return {
    host: `localhost:${port}`,
    stop: async () => {
      child.kill("SIGKILL");
      await once(child, "close");
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function answering(url: string): Promise<void> {
  for (;;) {
    try {
      await fetch(url);
      return;
    } catch {
      await sleep(20);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}
