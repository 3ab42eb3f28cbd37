/** A port of the host served by hand: for the loopback, which the firewall cannot redirect, and for the containers. */

import { connect, createServer, isIPv6, type Socket } from "node:net";
import type { ProxiedPort } from "./switchboard-state.ts";

/** Listens, which also keeps the port from everybody else; rejects with the system's error. */
export function proxyTcp({ host, hostPort, target, targetPort }: ProxiedPort): Promise<{ close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) => {
    const backend = connect({ host: target, port: targetPort, allowHalfOpen: true, noDelay: true });
    for (const [from, to] of [
      [client, backend],
      [backend, client],
    ] as const) {
      sockets.add(from);
      // Ends are passed on one by one: the other direction goes on.
      from.pipe(to);
      from.on("error", () => to.resetAndDestroy());
      from.on("close", () => {
        sockets.delete(from);
        if (!from.readableEnded) to.destroy();
      });
    }
    client.resume();
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port: hostPort, exclusive: true, ipv6Only: isIPv6(host), backlog: 4096 }, () => {
      server.off("error", reject).on("error", () => {});
      resolve({
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
}
