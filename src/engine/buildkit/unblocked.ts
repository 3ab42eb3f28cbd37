/** A connection that takes whatever is written, at once. */

import { Duplex } from "node:stream";

/**
 * Node's HTTP/2 does not read while what it writes is under way. Where both ends do so and both have much to say, they wait for
 * each other for ever: one of them must have a connection that is never busy. What waits in it is bounded by HTTP/2's own windows.
 */
export function unblocked(socket: Duplex): Duplex {
  const connection = new Duplex({
    read: () => void socket.resume(),
    write: (chunk, _, done) => {
      socket.write(chunk);
      done();
    },
    final: (done) => {
      socket.end();
      done();
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on("data", (chunk) => {
    if (!connection.push(chunk)) socket.pause();
  });
  socket.once("end", () => connection.push(null));
  socket.once("close", () => connection.destroy());
  socket.on("error", () => connection.destroy());
  return connection;
}
