/** The same for datagrams: one socket to the container for each client, as long as anything is said. */

import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { ProxiedPort } from "./switchboard-state.ts";

/** Milliseconds without a datagram after which a client is forgotten, as dockerd's proxy. */
const silence = 90_000;
const mostClients = 4096;

export function proxyUdp({ host, hostPort, target, targetPort }: ProxiedPort): Promise<{ close(): Promise<void> }> {
  const clients = new Map<string, { readonly backend: Socket; readonly timer: NodeJS.Timeout }>();
  const front = createSocket({ type: isIPv6(host) ? "udp6" : "udp4", ipv6Only: isIPv6(host) });
  const forget = (key: string) => {
    const client = clients.get(key);
    if (client === undefined) return;
    clients.delete(key);
    clearTimeout(client.timer);
    client.backend.close();
  };

  const backendFor = (address: string, port: number) => {
    const key = `${address} ${port}`;
    const known = clients.get(key);
    if (known !== undefined) {
      known.timer.refresh();
      return known.backend;
    }
    const [oldest] = clients.keys();
    if (clients.size >= mostClients && oldest !== undefined) forget(oldest);
    const backend = createSocket(isIPv6(target) ? "udp6" : "udp4");
    const client = { backend, timer: setTimeout(() => forget(key), silence) };
    clients.set(key, client);
    // Nobody listens in the container: said by ICMP, and the client's to find out.
    backend.on("error", () => forget(key));
    backend.on("message", (data, { address: from, port: its }) => {
      if (from !== target || its !== targetPort) return;
      client.timer.refresh();
      front.send(data, port, address, () => {});
    });
    return backend;
  };

  front.on("message", (data, { address, port }) => {
    backendFor(address, port).send(data, targetPort, target, () => {});
  });
  return new Promise((resolve, reject) => {
    front.once("error", reject);
    front.bind({ address: host, port: hostPort, exclusive: true }, () => {
      front.off("error", reject).on("error", () => {});
      resolve({
        close: () =>
          new Promise((closed) => {
            for (const key of [...clients.keys()]) forget(key);
            front.close(() => closed());
          }),
      });
    });
  });
}
