/** The ssh agents that a build may use: the one that runs, one behind a socket, or one with keys from files. */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BuildError } from "../build-order.ts";
import type { Environment } from "../docker-config.ts";

export interface SshAgents {
  /** Whether there is an agent of that ID. */
  has(id: string): boolean;
  /** A connection to it. */
  open(id: string): Socket;
  close(): void;
}

/**
 * @param ssh id → a socket, or key files with commas between them; "" and `default`: the agent of SSH_AUTH_SOCK
 * @throws BuildError for an agent that does not run, a file that is not there, and a key that needs a passphrase
 */
export async function openSshAgents(
  ssh: Readonly<Record<string, string>>,
  environment: Environment,
): Promise<SshAgents> {
  const sockets = new Map<string, string>();
  const closers: (() => void)[] = [];
  const close = () => {
    for (const one of closers.splice(0)) one();
  };
  try {
    for (const [id, given] of Object.entries(ssh)) {
      const place = given === "" ? environment.get("SSH_AUTH_SOCK") : given;
      if (!place) {
        throw new BuildError(`ssh "${id}": there is no ssh agent, SSH_AUTH_SOCK is not set`, {
          attribute: "ssh",
          hint: "start one with `eval $(ssh-agent)`, or name a key: --ssh default=FILE",
        });
      }
      const files = place.split(",");
      const isAgent = files.length === 1 && look(id, place).isSocket();
      sockets.set(id, isAgent ? place : await agentWithKeys(id, files, closers));
    }
  } catch (error) {
    close();
    throw error;
  }
  return { has: (id) => sockets.has(id), open: (id) => connect(sockets.get(id) ?? ""), close };
}

function look(id: string, file: string) {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) throw new BuildError(`ssh "${id}": there is no file ${file}`, { attribute: "ssh" });
  return stats;
}

/** The socket of an agent of its own, that holds these keys until it is closed. */
async function agentWithKeys(id: string, files: readonly string[], closers: (() => void)[]): Promise<string> {
  for (const file of files) look(id, file);
  const folder = mkdtempSync(join(tmpdir(), "gantry-agent-"));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const socket = join(folder, "agent");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "ignore"] });
  closers.push(() => agent.kill());
  await new Promise<void>((resolve, reject) => {
    agent.once("error", (cause) => reject(missingProgram(id, cause)));
    agent.once("exit", () => reject(new BuildError(`ssh "${id}": ssh-agent does not start`, { attribute: "ssh" })));
    // It says where it listens when it does.
    agent.stdout.once("data", () => resolve());
  });
  const said = await addKeys(id, socket, files);
  if (said !== undefined) {
    throw new BuildError(`ssh "${id}": the keys cannot be used: ${said}`, {
      attribute: "ssh",
      hint: "a key with a passphrase must be in a running agent: ssh-add FILE, then --ssh default",
    });
  }
  return socket;
}

/** What ssh-add complains of, if it does. */
function addKeys(id: string, socket: string, files: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    // In a session of its own it has no terminal to ask for a passphrase on.
    const child = spawn("ssh-add", ["-q", ...files], {
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
      env: { ...process.env, SSH_AUTH_SOCK: socket, SSH_ASKPASS_REQUIRE: "never" },
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.once("error", (cause) => reject(missingProgram(id, cause)));
    child.once("close", (code) => resolve(code === 0 ? undefined : said.trim().split("\n")[0]));
  });
}

const missingProgram = (id: string, cause: Error) =>
  new BuildError(`ssh "${id}": key files need the programs ssh-agent and ssh-add`, {
    attribute: "ssh",
    hint: "install them: package openssh-client",
    cause,
  });
