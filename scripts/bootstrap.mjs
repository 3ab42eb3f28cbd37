/**
 * Makes a fresh machine able to run the other scripts: Node 24 (from npm, where the machine's own is older) and the
 * packages of package-lock.json. Runs on Node 20.
 */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const tools = path.join(root, "tools/node");
const toolsBin = path.join(tools, "node_modules/.bin");

/**
 * Returns when this process runs on Node 24 or newer and node_modules is what the lock file says. On an older Node it
 * installs a newer one, runs the same script with it, and exits with its code.
 */
export function ensureNode24AndModules() {
  if (Number(process.versions.node.split(".")[0]) < 24) {
    const node = path.join(toolsBin, "node");
    if (!existsSync(node)) install(tools, `Node ${process.versions.node} is too old: fetching Node 24`);
    // The binaries are optional dependencies, one per platform: npm takes it for success when it could not fetch any.
    if (!existsSync(node)) {
      fail(
        `npm fetched no Node 24 for ${process.platform}-${process.arch}: look at npm's log, or install Node 24 yourself`,
      );
    }
    const again = spawnSync(node, process.argv.slice(1), { stdio: "inherit", env: withPath(toolsBin) });
    if (again.error) fail(`${node} could not be started: ${again.error.message}`);
    process.exit(again.status ?? 1);
  }
  const installed = statSync(path.join(root, "node_modules/.package-lock.json"), { throwIfNoEntry: false });
  const locked = statSync(path.join(root, "package-lock.json"));
  if (installed === undefined || installed.mtimeMs < locked.mtimeMs) install(root, "installing packages");
  process.env.PATH = withPath(path.join(root, "node_modules/.bin")).PATH;
}

/** Runs a command to its end, with this process's streams; its exit code. */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (done.error) console.error(`${command} could not be started: ${done.error.message}`);
  return done.status ?? 1;
}

function install(folder, why) {
  console.log(`gantry: ${why} (npm ci)`);
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  if (run("npm", args, { cwd: folder }) !== 0) fail(`npm ci failed in ${folder}`);
}

function withPath(first) {
  return { ...process.env, PATH: `${first}${path.delimiter}${process.env.PATH ?? ""}` };
}

function fail(message) {
  console.error(`gantry: ${message}`);
  process.exit(1);
}
