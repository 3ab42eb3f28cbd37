/** The package as a user gets it. */

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.dirname(import.meta.dirname);

/** Packs gantry and unpacks it in a folder's node_modules, the packages that it needs beside it. */
export function installGantry(folder: string): void {
  const modules = path.join(folder, "node_modules");
  execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], { cwd: root });
  const [archive = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  mkdirSync(path.join(modules, "gantry"), { recursive: true });
  execFileSync("tar", ["-xzf", archive, "--strip-components=1", "-C", path.join(modules, "gantry")], { cwd: folder });
  rmSync(path.join(folder, archive));
  for (const name of ["@balena/dockerignore", "chokidar", "tar-stream", "yaml"]) {
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    symlinkSync(path.join(root, "node_modules", name), path.join(modules, name));
  }
  writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');
}

/** Checks a program's types as a strict user does; throws when there is an error. */
export function checkTypes(folder: string, name: string): void {
  const flags = ["--noEmit", "--strict", "--target", "esnext", "--module", "nodenext", "--types", "node"];
  const types = ["--typeRoots", path.join(root, "node_modules/@types")];
  execFileSync(path.join(root, "node_modules/.bin/tsc"), [...flags, ...types, name], { cwd: folder, encoding: "utf8" });
}
