/**
 * The switchboard process of an engine's networks: `node network.cjs FOLDER`. It answers names and holds published ports, and
 * outlives the daemon: the next one finds it by the socket in the folder. What it does stands in the state file beside
 * it; each line on the socket says that the file has changed and gets one line back, when that is done.
 */

import { watch } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { openSwitchboard } from "./switchboard.ts";
import { nothingToDo, readState, socketName, stateName, switchboardVersion } from "./switchboard-state.ts";

async function main(folder: string): Promise<void> {
  const switchboard = openSwitchboard();
  const stateFile = path.join(folder, stateName);
  const load = async () => switchboard.apply(await readFile(stateFile, "utf8").then(readState));
  // After a death of its own: everything is as the last daemon wanted it.
  await load().catch(() => switchboard.apply(nothingToDo));

  const daemons = new Set<Socket>();
  const leaveIfIdle = () => {
    if (switchboard.idle && daemons.size === 0) process.exit();
  };
  const server = createServer((socket) => {
    daemons.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      daemons.delete(socket);
      leaveIfIdle();
    });
    socket.write(`${JSON.stringify({ version: switchboardVersion, pid: process.pid })}\n`);
    const lines = createInterface(socket).on("error", () => {});
    lines.on("line", async (line) => {
      if (line === "leave") process.exit();
      const answer = await load().catch((error: unknown) => ({ error: String(error) }));
      socket.write(`${JSON.stringify(answer)}\n`);
    });
  });
  const socketFile = path.join(folder, socketName);
  await rm(socketFile, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketFile, resolve);
  });
  // Whoever clears the folder away wants nothing of us any more.
  watch(folder, (_, name) => {
    if (name === socketName) void readFile(stateFile).catch(() => process.exit());
  }).on("error", () => process.exit());
  process.stdout.end("ready\n");
}

void main(process.argv[2] ?? "").catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(70);
});
