/** An embedded engine of one's own, for tests: apart from the machine's, and gone without a trace afterwards. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { root } from "./bootstrap.mjs";

const gantry = path.join(root, "bin/gantry");

/** Installs what the embedded engine lacks on this machine (Debian, root). False, with the findings told, where it lacks some still. */
export function ensureHostParts() {
  const doctor = spawnSync(process.execPath, [gantry, "doctor", "--fix"], { encoding: "utf8" });
  if (doctor.status === 0) return true;
  console.error(`${doctor.stderr}${doctor.stdout}`);
  return false;
}

/** Starts a daemon in a temporary folder. Its URL, and what ends it; undefined, with its log on stderr, if it fails. */
export async function startEmbedded() {
  const folder = mkdtempSync(path.join(os.tmpdir(), "gantry-engine-"));
  const [dataRoot, execRoot, log] = ["data", "run", "log"].map((name) => path.join(folder, name));
  const output = openSync(log, "a");
  const roots = ["--data-root", dataRoot, "--exec-root", execRoot];
  const daemon = spawn(process.execPath, [gantry, "daemon", ...roots, "--ready-fd", "3"], {
    stdio: ["ignore", output, output, "pipe"],
  });
  let words = "";
  for await (const chunk of daemon.stdio[3]) words += chunk;
  const socketPath = path.join(execRoot, "engine.sock");
  if (words !== "ready\n") {
    console.error(`gantry: the embedded engine did not start\n${readFileSync(log, "utf8")}`);
    return undefined;
  }
  const stop = async () => {
    for (const { Id } of await call(socketPath, "GET", "/containers/json?all=1")) {
      await call(socketPath, "DELETE", `/containers/${Id}?force=1&v=1`);
    }
    daemon.kill("SIGTERM");
    if (daemon.exitCode === null && daemon.signalCode === null) await once(daemon, "exit");
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: `unix://${socketPath}`, log, stop };
}

/** Takes away what a daemon has mounted below a folder. */
export function unmountBelow(folder) {
  const points = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.toReversed()) spawnSync("umount", ["--lazy", point]);
}

async function call(socketPath, method, target) {
  const request = http.request({ socketPath, method, path: target }).end();
  const [answer] = await once(request, "response");
  let text = "";
  for await (const chunk of answer) text += chunk;
  return text === "" ? undefined : JSON.parse(text);
}
