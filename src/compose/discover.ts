import { dirname, resolve } from "node:path";
import type { Diagnostic } from "../errors.ts";
import { warning } from "./codes.ts";
import { overrideNames, presentIn } from "./default-files.ts";
import { isRemote } from "./remote.ts";

/**
 * Looks for a compose file in a directory and its parents, and for an override beside it. No file found: no paths.
 *
 * @param directory absolute
 */
export function discover(directory: string): { paths: readonly string[]; warnings: readonly Diagnostic[] } {
  for (let here = directory; ; here = dirname(here)) {
    const found = presentIn(here);
    const [first] = found;
    if (first !== undefined) {
      const overrides = presentIn(here, overrideNames);
      const paths = overrides[0] === undefined ? [first] : [first, overrides[0]];
      return { paths, warnings: [...severalWarning(found, "config"), ...severalWarning(overrides, "override")] };
    }
    if (here === dirname(here)) return { paths: [], warnings: [] };
  }
}

/**
 * The paths in COMPOSE_FILE, made absolute; `-` stays standard input, and a remote path as it is.
 *
 * @param separator COMPOSE_PATH_SEPARATOR, or the system's own
 */
export function splitComposeFile(value: string, separator: string, cwd: string): readonly string[] {
  return value.split(separator).map((path) => (path === "-" || isRemote(path) ? path : resolve(cwd, path)));
}

function severalWarning(found: readonly string[], kind: "config" | "override"): readonly Diagnostic[] {
  if (found.length < 2) return [];
  const message = `Found multiple ${kind} files with supported names: ${found.join(", ")}`;
  return [warning("several-files", message, undefined, `using ${found[0]}`)];
}
