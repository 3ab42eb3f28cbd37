import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { plainOptions } from "../../../src/engine/registry/hosts.ts";
import { openRegistry } from "../../../src/engine/registry/open-registry.ts";
import { readManifest } from "../../../src/engine/registry/read-manifest.ts";

/** Of a network for documentation: nobody has it, and it is not loopback, where certificates do not count. */
const address = "203.0.113.77";
let home: string;
let server: Server;
let host: string;

const openssl = (...args: readonly string[]) => execFileSync("openssl", args, { cwd: home, stdio: "ignore" });

/** `<name>.crt` and `<name>.key`, signed by themselves. */
function makeCertificate(name: string, ...more: readonly string[]): void {
  const made = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  openssl("req", ...made, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.crt`, ...more);
}

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), "gantry-certificates-"));
  execFileSync("ip", ["address", "add", `${address}/32`, "dev", "lo"]);
  makeCertificate("server", "-addext", `subjectAltName=IP:${address}`);
  makeCertificate("client");
  const read = (name: string) => readFileSync(path.join(home, name));
  const options = { cert: read("server.crt"), key: read("server.key"), ca: read("client.crt"), requestCert: true };
  server = createServer({ ...options, rejectUnauthorized: false }, (request, response) => {
    const known = "authorized" in request.socket && request.socket.authorized === true;
    response.end(JSON.stringify({ known }));
  }).listen(0, address);
  await once(server, "listening");
  const bound = server.address();
  host = `${address}:${typeof bound === "object" ? bound?.port : ""}`;
});
afterAll(() => {
  execFileSync("ip", ["address", "del", `${address}/32`, "dev", "lo"]);
  server.closeAllConnections();
  server.close();
  rmSync(home, { recursive: true });
});
beforeEach(() => {
  rmSync(path.join(home, "certs.d"), { recursive: true, force: true });
  mkdirSync(path.join(home, "certs.d", host), { recursive: true });
});

async function ask(insecure: readonly string[] = []): Promise<string> {
  const options = { ...plainOptions, certificates: [path.join(home, "nowhere"), path.join(home, "certs.d")], insecure };
  const registry = openRegistry(host, { options });
  try {
    return (await readManifest(registry, { registry: host, repository: "it", tag: "1" })).text;
  } catch (error) {
    return error instanceof Error ? error.message : "";
  } finally {
    registry.close();
  }
}

const put = (from: string, to: string) =>
  execFileSync("cp", [path.join(home, from), path.join(home, "certs.d", host, to)]);

describe("a registry's certificate", () => {
  it("that nobody knows is refused, and where to put its authority is said", async () => {
    const said = await ask();
    expect(said).toContain(`the registry ${host} cannot be reached: self-signed certificate`);
    expect(said).toContain(`put the certificate of its authority at /etc/gantry/certs.d/${host}/ca.crt`);
  });

  it("is taken where its authority is in the registry's folder, or the registry is an insecure one", async () => {
    expect(await ask([host])).toBe('{"known":false}');
    expect(await ask(["203.0.113.0/24"])).toBe('{"known":false}');
    put("server.crt", "ca.crt");
    expect(await ask()).toBe('{"known":false}');
  });

  it("is answered with our own, where there is one", async () => {
    put("server.crt", "ca.crt");
    put("client.crt", "client.cert");
    put("client.key", "client.key");
    expect(await ask()).toBe('{"known":true}');
  });
});
