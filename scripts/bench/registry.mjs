/** Pull and push of an image of five layers, 100 MB each, from and to docker-registry on this machine. */
import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import zlib from "node:zlib";
import { request } from "./image.mjs";

const layers = 5;
const filesOfLayer = 100;
const fileSize = 1_000_000;

/**
 * Milliseconds of each pull and each push, by engine, the engines taking turns.
 *
 * @param engines `{ name, host, enter }`: `host` is unix:// or tcp://, `enter` the command that enters the engine's network
 *   namespace, where that is not this one
 * @param folder for the registry's data
 */
export async function measureRegistry(engines, folder, runs) {
  const home = mkdtempSync(path.join(folder, "registry-"));
  const samples = new Map(engines.map(({ name }) => [name, { pull: [], push: [] }]));
  const data = path.join(home, "data");
  const sources = new Map();
  try {
    for (const { name, enter } of engines) sources.set(name, await startRegistry(home, data, enter));
    await fill(await startRegistry(home, data));
    for (let run = 0; run < runs; run++) {
      for (const engine of run % 2 === 0 ? engines : engines.toReversed()) {
        const { pull, push } = await oneRun(engine, sources.get(engine.name), home);
        samples.get(engine.name).pull.push(pull);
        samples.get(engine.name).push.push(push);
      }
    }
    return samples;
  } finally {
    for (const { stop } of started.splice(0)) await stop();
    rmSync(home, { recursive: true, force: true });
  }
}

async function oneRun({ host, enter }, source, home) {
  const image = `${source.host}/it:1`;
  const pull = await timed(host, `/images/create?fromImage=${source.host}/it&tag=1`);
  // A registry that has nothing of it yet.
  const data = mkdtempSync(path.join(home, "empty-"));
  const target = await startRegistry(home, data, enter);
  await request(host, "POST", `/images/${image}/tag?repo=${target.host}/it&tag=1`);
  const push = await timed(host, `/images/${target.host}/it/push?tag=1`, { "X-Registry-Auth": "e30=" });
  for (const name of [`${target.host}/it:1`, image]) await request(host, "DELETE", `/images/${name}?force=1`);
  await target.stop();
  rmSync(data, { recursive: true });
  return { pull, push };
}

async function timed(host, call, headers) {
  execFileSync("sync");
  const begun = performance.now();
  const said = await request(host, "POST", call, undefined, headers);
  const took = performance.now() - begun;
  if (said.includes('"error"')) throw new Error(`${call}: ${said.slice(said.indexOf('"error"'))}`);
  return took;
}

const started = [];

async function startRegistry(home, data, enter = []) {
  const port = await freePort();
  const config = path.join(home, `${port}.yml`);
  mkdirSync(data, { recursive: true });
  writeFileSync(
    config,
    `version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: ${data}}}\nhttp: {addr: "127.0.0.1:${port}"}\n`,
  );
  const [program, ...args] = [...enter, "docker-registry", "serve", config];
  const child = spawn(program, args, { stdio: "ignore" });
  const failed = new Promise((_, reject) =>
    child.once("error", () => reject(new Error("bench needs docker-registry (apt-get install docker-registry)"))),
  );
  const ask = `for (;;) try { await fetch("http://127.0.0.1:${port}/v2/"); break; } catch { await new Promise((go) => setTimeout(go, 20)); }`;
  const [shell, ...words] = [...enter, process.execPath, "--input-type=module", "-e", ask];
  const asking = spawn(shell, words, { stdio: "ignore", timeout: 30_000 });
  const [code] = await Promise.race([failed, once(asking, "exit")]);
  if (code !== 0) throw new Error(`docker-registry does not answer at 127.0.0.1:${port} (${enter.join(" ")})`);
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  const registry = { host: `127.0.0.1:${port}`, stop };
  started.push(registry);
  return registry;
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

/** Half of each layer is noise, half is text: about as small as programs and libraries get. */
async function fill({ host }) {
  const described = [];
  const diffIds = [];
  for (let layer = 0; layer < layers; layer++) {
    const tar = layerTar(layer);
    diffIds.push(digestOf(tar));
    const blob = zlib.gzipSync(tar, { level: 6 });
    await upload(host, blob);
    described.push({ mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip", ...describe(blob) });
  }
  const rootfs = { type: "layers", diff_ids: diffIds };
  const config = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", config: {}, rootfs, history: [] }));
  await upload(host, config);
  const mediaType = "application/vnd.docker.distribution.manifest.v2+json";
  const about = { mediaType: "application/vnd.docker.container.image.v1+json", ...describe(config) };
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config: about, layers: described });
  await put(`http://${host}/v2/it/manifests/1`, manifest, mediaType);
}

function layerTar(layer) {
  const members = [];
  for (let file = 0; file < filesOfLayer; file++) {
    const lines = Array.from({ length: fileSize / 40 }, (_, i) => `${layer} ${file} line ${i} of some text\n`).join("");
    const content = Buffer.concat([randomBytes(fileSize / 2), Buffer.from(lines)], fileSize);
    members.push(header(`layer${layer}/file${file}`, fileSize), content, Buffer.alloc(512 - (fileSize % 512)));
  }
  return Buffer.concat([...members, Buffer.alloc(1024)]);
}

/** A ustar header of a file. */
function header(name, size) {
  const block = Buffer.alloc(512);
  const octal = (value, length) => `${value.toString(8).padStart(length - 1, "0")}\0`;
  block.write(name, 0);
  block.write(octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(size, 12) + octal(0, 12), 100);
  block.write("        0", 148);
  block.write("ustar\x0000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

const digestOf = (bytes) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const describe = (bytes) => ({ digest: digestOf(bytes), size: bytes.length });

async function upload(host, bytes) {
  const begun = await fetch(`http://${host}/v2/it/blobs/uploads/`, { method: "POST" });
  const url = new URL(begun.headers.get("location"), `http://${host}`);
  url.searchParams.set("digest", digestOf(bytes));
  await put(url, bytes, "application/octet-stream");
}

async function put(url, body, type) {
  const answer = await fetch(url, { method: "PUT", body, headers: { "Content-Type": type } });
  if (answer.status !== 201) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
}
