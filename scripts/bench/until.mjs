/**
 * `node until.mjs WORD COMMAND ARGUMENT…`: runs a command until it has written the word, and ends it: docker compose's `logs -f`
 * does not end by itself.
 */
import { spawn } from "node:child_process";

const [word, command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], detached: true });
let last = "";
let seen = false;
for await (const chunk of child.stdout) {
  const text = last + chunk.toString("latin1");
  seen = text.includes(word);
  if (seen) break;
  last = text.slice(-word.length);
}
// The docker CLI runs compose as a process of its own: the whole group ends.
if (child.exitCode === null) process.kill(-child.pid, "SIGKILL");
process.exitCode = seen ? 0 : 1;
