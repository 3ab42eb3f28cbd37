import { once } from "node:events";
import { createServer } from "node:net";
import { expect, it } from "vitest";
import { findListener, listenersIn } from "../../src/commands/find-listener.ts";

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0000000000000000
   1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0000000000000000
`;

it("reads the listeners of a port, not its connections", () => {
  expect(listenersIn(table, 8080)).toEqual(["4711"]);
  expect(listenersIn(table, 8081)).toEqual([]);
});

it("finds the process that listens", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  expect(await findListener(port)).toMatch(new RegExp(`\\(process ${process.pid}\\)$`));
  server.close();
});
