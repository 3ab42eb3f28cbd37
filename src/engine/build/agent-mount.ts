/** `RUN --mount=type=ssh`: a socket that leads to an ssh agent of whoever builds. */

import { chmod, chown, mkdir } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import path from "node:path";
import type { Span } from "../../errors.ts";
import type { Build } from "./build.ts";
import { complain } from "./dockerfile/complain.ts";
import type { TakenMount, Undo } from "./open-mounts.ts";
import type { RunMount } from "./run-mount.ts";

/** An agent that is not there is no mount, unless it is required: EngineError 400 then. */
export async function listenForAgent(build: Build, mount: RunMount, span: Span, undo: Undo): Promise<TakenMount> {
  const id = mount.id ?? "default";
  const connect = await build.sources.agent(id);
  if (connect === undefined) {
    if (!mount.required) return {};
    throw complain(
      span,
      `RUN --mount: the ssh agent "${id}" is required, but was not given`,
      `give it with --ssh ${id}`,
    );
  }
  const folder = build.temporary();
  await mkdir(folder, { mode: 0o700 });
  const file = path.join(folder, "agent");
  const connections = new Set<Socket>();
  const server = createServer((connection) => {
    connections.add(connection);
    connection.on("error", () => connection.destroy()).once("close", () => connections.delete(connection));
    connect(connection);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(file, resolve);
  });
  undo.push(async () => {
    server.close();
    for (const connection of connections) connection.destroy();
  });
  await chmod(file, mount.mode ?? 0o600);
  await chown(file, mount.uid, mount.gid);
  const target = mount.target ?? `/run/buildkit/ssh_agent.${undo.length - 1}`;
  return { mount: { type: "bind", source: file, target, readOnly: false }, env: `SSH_AUTH_SOCK=${target}` };
}
