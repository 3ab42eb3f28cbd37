/** Debian's docker-registry on a loopback port, for one test file. Who must log in is `me`, with the password `pass`. */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export interface RegistryServer {
  /** `localhost:PORT` */
  readonly host: string;
  stop(): Promise<void>;
}

/** bcrypt, which is all that docker-registry takes. */
const htpasswd = "me:$2b$05$s.We23Wc32FLNRgzKkc5R.UozUIqlF36E.4Uax1soOy4ySUKMpSGi\n";
const certificates = fileURLToPath(new URL("../certificates", import.meta.url));

/**
 * Throws where docker-registry is not installed (Debian: apt-get install docker-registry).
 *
 * @param options.enter the start of the command, where another network namespace is to be entered first
 * @param options.kept everybody must log in
 * @param options.secure it speaks TLS, with a certificate that nobody knows
 */
export async function startRegistry(
  options: { readonly enter?: readonly string[]; readonly kept?: boolean; readonly secure?: boolean } = {},
): Promise<RegistryServer> {
  const { enter = [], kept = false, secure = false } = options;
  const home = await mkdtemp(path.join(tmpdir(), "gantry-registry-"));
  const port = await freePort();
  const config = path.join(home, "config.yml");
  await writeFile(
    config,
    `version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: ${home}/data}, delete: {enabled: true}}\n` +
      (kept ? `auth: {htpasswd: {realm: here, path: ${home}/htpasswd}}\n` : "") +
      `http: {addr: "127.0.0.1:${port}"${secure ? `, tls: {certificate: ${certificates}/cert.pem, key: ${certificates}/key.pem}` : ""}}\n`,
  );
  await writeFile(path.join(home, "htpasswd"), htpasswd);
  const [program = "", ...args] = [...enter, "docker-registry", "serve", config];
  const child = spawn(program, args, { stdio: "ignore" });
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  await Promise.race([failed, answering(`${secure ? "https" : "http"}://127.0.0.1:${port}/v2/`, enter)]);
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
  // It is asked whether it answers, no more.
  const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: "0" };
  await promisify(execFile)(program, args, { timeout: 30_000, env });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}
