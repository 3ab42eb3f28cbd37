/** A connection to an engine on another host: `docker system dial-stdio` over ssh, as the docker CLI does it. */

import type { ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { Duplex } from "node:stream";
import { EngineError } from "../errors.ts";
import type { Address } from "./address.ts";

type SshAddress = Extract<Address, { kind: "ssh" }>;

/** Arguments for `ssh`. The last ones are read by a shell on the other side. */
export function sshArguments(address: SshAddress): string[] {
  return [
    "-o",
    "ConnectTimeout=30",
    "-T",
    ...(address.user === undefined ? [] : ["-l", address.user]),
    ...(address.port === undefined ? [] : ["-p", String(address.port)]),
    "--",
    address.host,
    "docker",
    ...(address.path === undefined ? [] : ["--host", `'${`unix://${address.path}`.replaceAll("'", "'\\''")}'`]),
    "system",
    "dial-stdio",
  ];
}

/**
 * Opens one connection. An ssh that fails before the first byte destroys the stream with an EngineError of ssh's own
 * words. Ending the writable side closes the remote command's stdin; the readable side goes on.
 */
export function openSsh(address: SshAddress): Duplex {
  const { spawn } = process.getBuiltinModule("node:child_process");
  // A session of its own: Ctrl-C at our terminal must not cut the connection over which we then stop containers.
  const child = spawn("ssh", sshArguments(address), { detached: true, stdio: ["pipe", "pipe", "pipe"] });
  let answered = false;
  let complaint = "";
  const stream = new Duplex({
    read: () => void child.stdout.resume(),
    write: (chunk, _encoding, done) => void child.stdin.write(chunk, done),
    final: (done) => void child.stdin.end(done),
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  child.stdout.on("data", (chunk: Buffer) => {
    answered = true;
    if (!stream.push(chunk)) child.stdout.pause();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString("utf8")).slice(-2000);
  });
  // A broken pipe is told by the exit below.
  child.stdin.on("error", () => {});
  child.on("error", (cause) => {
    stream.destroy(new EngineError(`ssh to ${address.host} cannot be started: ${cause.message}`, { cause }));
  });
  child.on("close", (code) => {
    if (answered || stream.destroyed) stream.push(null);
    else stream.destroy(failed(address, code, complaint.trim()));
  });
  return Object.assign(stream, socketMethods(child));
}

function failed(address: SshAddress, code: number | null, complaint: string): EngineError {
  const why = complaint === "" ? `exit code ${code}` : complaint;
  return new EngineError(`ssh to ${address.host} failed: ${why}`, {
    hint: `try: ssh ${sshArguments(address).join(" ")}`,
  });
}

/** What node's HTTP agent calls on the sockets that it keeps alive. */
function socketMethods(child: ChildProcess) {
  const parts = [child, child.stdin, child.stdout, child.stderr];
  return {
    setKeepAlive: () => {},
    setNoDelay: () => {},
    setTimeout: () => {},
    ref: () => {
      for (const part of parts) if (part === child || part instanceof Socket) part.ref();
    },
    unref: () => {
      for (const part of parts) if (part === child || part instanceof Socket) part.unref();
    },
  };
}
