/** Debian's docker-registry on a loopback port, for one test file. */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

export interface RegistryServer {
  /** `localhost:PORT` */
  readonly host: string;
  stop(): Promise<void>;
}

/**
 * Throws where docker-registry is not installed (Debian: apt-get install docker-registry).
 *
 * @param options.enter the start of the command, where another network namespace is to be entered first
 */
export async function startRegistry(options: { readonly enter?: readonly string[] } = {}): Promise<RegistryServer> {
  const { enter = [] } = options;
  const home = await mkdtemp(path.join(tmpdir(), "gantry-registry-"));
  const port = await freePort();
  const config = path.join(home, "config.yml");
  await writeFile(
    config,
    `version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: ${home}/data}, delete: {enabled: true}}\n` +
      `http: {addr: "127.0.0.1:${port}"}\n`,
  );
  const [program = "", ...args] = [...enter, "docker-registry", "serve", config];
  const child = spawn(program, args, { stdio: "ignore" });
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  await Promise.race([failed, answering(`http://127.0.0.1:${port}/v2/`, enter)]);
  return {
    host: `localhost:${port}`,
    stop: async () => {
      child.kill("SIGKILL");
      await once(child, "close");
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function answering(url: string, enter: readonly string[]): Promise<void> {
  const ask =
    "for (;;) try { await fetch(process.argv[1]); break; } catch { await new Promise((go) => setTimeout(go, 20)); }";
  const [program = "", ...args] = [...enter, process.execPath, "--input-type=module", "-e", ask, url];
  await promisify(execFile)(program, args, { timeout: 30_000 });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}
