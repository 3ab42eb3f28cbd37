#!/usr/bin/env node
/**
 * Copies this machine's static busybox and its Node, with the libraries that it is linked with, into the build contexts: the
 * images hold nothing else, so none is pulled. Linux only.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";

const busybox = "/bin/busybox";
if (!existsSync(busybox)) {
  console.error("watch: /bin/busybox is missing (Debian: apt-get install busybox-static)");
  process.exit(1);
}
const libraries = execFileSync("ldd", [process.execPath], { encoding: "utf8" })
  .split("\n")
  .flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);

for (const service of ["api", "compiled"]) {
  const base = path.join(import.meta.dirname, service, "base");
  rmSync(base, { recursive: true, force: true });
  copy(busybox, path.join(base, "bin/busybox"));
  copy(process.execPath, path.join(base, "usr/local/bin/node"));
  for (const library of libraries) copy(library, path.join(base, library));
}
copyFileSync(busybox, path.join(import.meta.dirname, "site/busybox"));

function copy(from, to) {
  mkdirSync(path.dirname(to), { recursive: true });
  copyFileSync(from, to);
}
