#!/usr/bin/env node
/** Copies the machine's static busybox into the build contexts: the images hold nothing else, so none is pulled. */
import { copyFileSync, existsSync } from "node:fs";
import path from "node:path";

const busybox = "/bin/busybox";
if (!existsSync(busybox)) {
  console.error("quickstart: /bin/busybox is missing (Debian: apt-get install busybox-static)");
  process.exit(1);
}
for (const service of ["web", "api", "store"]) {
  copyFileSync(busybox, path.join(import.meta.dirname, service, "busybox"));
}
