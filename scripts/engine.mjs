/** Engines of others, and what the examples and tests need beside an engine: installs and starts what is missing. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, openSync, readFileSync, watch } from "node:fs";
import http from "node:http";
import path from "node:path";
import { run } from "./bootstrap.mjs";

const dockerSocket = "/var/run/docker.sock";
const sockets = [dockerSocket, "/run/podman/podman.sock"];
const log = "/var/log/gantry-dockerd.log";
/** Seconds that a dockerd gets to answer for the first time. */
const patience = 60;

/** The address of an engine of others that answers: DOCKER_HOST, else docker's or podman's socket; undefined: there is none. */
export async function findEngine() {
  const { DOCKER_HOST: host } = process.env;
  if (host !== undefined && host !== "") return host;
  for (const socket of sockets) if (await answers(socket)) return `unix://${socket}`;
  return undefined;
}

/**
 * The address of an engine that answers (see above), else of a dockerd that is installed (Debian's docker.io) and started
 * here. Undefined, with the reason on stderr, when there is none and none can be had.
 */
export async function ensureDockerd() {
  const found = await findEngine();
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0) {
    console.error(
      "gantry: no engine answers, and only root can install one: install docker or podman, or set DOCKER_HOST",
    );
    return undefined;
  }
  if (which("dockerd") === undefined && !installPackages(["docker.io", "iptables"])) return undefined;
  return startDockerd();
}

/** Whether the static busybox that the examples' images are made of is on the machine; installs it where it can. */
export function ensureBusybox() {
  if (existsSync("/bin/busybox")) return true;
  if (process.getuid?.() === 0) return installPackages(["busybox-static"]);
  console.error("gantry: the example needs /bin/busybox (Debian: apt-get install busybox-static)");
  return false;
}

/** Programs that the tests of the embedded engine call, and their Debian packages. */
const testPrograms = {
  bzip2: "bzip2",
  "docker-registry": "docker-registry",
  ip: "iproute2",
  nft: "nftables",
  setfattr: "attr",
  skopeo: "skopeo",
  tmux: "tmux",
  xz: "xz-utils",
  zstd: "zstd",
};

/** Whether what the tests of the embedded engine need is on the machine; installs it where it is missing. For root. */
export function ensureTestPrograms() {
  const missing = Object.entries(testPrograms).filter(([program]) => which(program) === undefined);
  return missing.length === 0 || installPackages(missing.map(([, name]) => name));
}

/** Installs Debian packages; false, with the reason on stderr, when that fails. */
function installPackages(packages) {
  if (which("apt-get") === undefined) {
    console.error(`gantry: install ${packages.join(" and ")} with your system's package manager`);
    return false;
  }
  console.log(`gantry: installing ${packages.join(", ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const update = run("apt-get", ["update", "-qq"], { env });
  const install = ["install", "-y", "-qq", "--no-install-recommends", ...packages];
  if (update === 0 && run("apt-get", install, { env, stdio: ["ignore", "ignore", "inherit"] }) === 0) return true;
  console.error(`gantry: ${packages.join(", ")} could not be installed`);
  return false;
}

async function startDockerd() {
  if (existsSync("/run/systemd/system")) {
    run("systemctl", ["start", "docker"]);
  } else {
    console.log(`gantry: starting dockerd (its log is ${log})`);
    const output = openSync(log, "a");
    spawn("dockerd", [], { detached: true, stdio: ["ignore", output, output] }).unref();
  }
  if (await becomesReady(dockerSocket)) return `unix://${dockerSocket}`;
  console.error(`gantry: dockerd does not answer after ${patience} s`);
  if (existsSync(log)) console.error(readFileSync(log, "utf8").split("\n").slice(-15).join("\n"));
  return undefined;
}

/** Asks again whenever something happens beside the socket, and once a second, until the patience ends. */
async function becomesReady(socket) {
  const deadline = Date.now() + patience * 1000;
  while (Date.now() < deadline) {
    if (await answers(socket)) return true;
    await somethingHappens(path.dirname(socket));
  }
  return false;
}

function somethingHappens(folder) {
  const { promise, resolve } = Promise.withResolvers();
  const watcher = watch(folder, resolve);
  const timer = setTimeout(resolve, 1000);
  return promise.finally(() => {
    watcher.close();
    clearTimeout(timer);
  });
}

/** Whether an engine answers a ping at a socket. */
function answers(socketPath) {
  const { promise, resolve } = Promise.withResolvers();
  const ping = http.get({ socketPath, path: "/_ping", timeout: 5000 }, (answer) => {
    answer.resume();
    resolve(answer.statusCode === 200);
  });
  ping.on("error", () => resolve(false));
  ping.on("timeout", () => ping.destroy());
  return promise;
}

function which(command) {
  const found = spawnSync("/bin/sh", ["-c", 'command -v "$1"', "sh", command], { encoding: "utf8" });
  return found.status === 0 ? found.stdout.trim() : undefined;
}
