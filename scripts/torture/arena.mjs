/** A daemon of its own below a temporary folder: started, killed, asked. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { linksOf, mountsBelow } from "./kernel.mjs";

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
/** A module of gantry's own. */
export const load = (file) => import(pathToFileURL(path.join(root, "src", file)).href);
const { connect } = await load("engine/client.ts");
const { ownerOf } = await load("network/link-names.ts");
const { parseAddress } = await load("engine/address.ts");

/** Milliseconds after which a daemon that does not say that it is ready counts as broken. */
const patience = 60_000;

/**
 * @param folder where everything is; made where it is not given
 * @returns what the daemon can be started and killed with, and its places
 */
export function openArena(folder = mkdtempSync(path.join(os.tmpdir(), "gantry-torture-"))) {
  const dataRoot = path.join(folder, "data");
  const execRoot = path.join(folder, "run");
  const url = `unix://${path.join(execRoot, "engine.sock")}`;
  const logFile = path.join(folder, "daemon.log");
  const log = openSync(logFile, "a");
  let child;

  const spawnDaemon = () => {
    const args = [
      "daemon",
      "--data-root",
      dataRoot,
      "--exec-root",
      execRoot,
      "--log-level",
      "debug",
      "--ready-fd",
      "3",
    ];
    child = spawn(path.join(root, "bin/gantry"), args, {
      cwd: "/",
      // The executable names its Node by the PATH.
      env: { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` },
      stdio: ["ignore", log, log, "pipe"],
    });
    child.gone = once(child, "exit");
    return child;
  };

  return {
    folder,
    dataRoot,
    execRoot,
    url,
    logFile,
    get pid() {
      return child.pid;
    },
    /** A client; it is to be closed. */
    connect: () => connect(parseAddress(url)),
    /** Starts the daemon without waiting for it. */
    spawn: spawnDaemon,
    /** Starts the daemon; milliseconds until it answers. */
    start: async () => {
      const begun = performance.now();
      const started = spawnDaemon();
      const words = await Promise.race([readAll(started.stdio[3]), late(patience)]);
      if (words !== "ready\n") throw new Error(`the daemon did not start (its log: ${logFile})`);
      return performance.now() - begun;
    },
    /** Takes away what a daemon that has ended leaves for the next one: its view of the host, its bridges and its table. */
    release: () => {
      const { group, tag } = ownerOf(dataRoot);
      for (const { target } of mountsBelow(folder).toReversed()) spawnSync("umount", ["--lazy", target]);
      for (const { name } of linksOf(group)) spawnSync("ip", ["link", "delete", name]);
      spawnSync("nft", ["delete", "table", "inet", `gantry-${tag}`]);
    },
    /** Sends the daemon a signal and waits until it is gone. */
    end: async (signal) => {
      child.kill(signal);
      await child.gone;
    },
  };
}

async function readAll(stream) {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

const late = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
