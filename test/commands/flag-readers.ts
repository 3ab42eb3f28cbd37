import { readFileSync } from "node:fs";
import path from "node:path";
import type { VerbClass } from "../../src/commands/verb.ts";

const root = path.dirname(path.dirname(import.meta.dirname));
const commands = path.join(root, "src/commands");

/**
 * The files that read a flag: among those that the verb is made of (its own, and what that imports from src/commands), or
 * for a global flag all of src/commands. The flag's definition is no reading.
 */
export function readersOf(name: string, command: string, verb: VerbClass | undefined): readonly string[] {
  const start = verb !== undefined && name in verb.flags ? fileOf(command) : path.join(commands, "main.ts");
  return [...reachable(start)].filter((file) => reads(textOf(file), name)).map((file) => path.relative(root, file));
}

function reads(text: string, name: string): boolean {
  const quoted = new RegExp(`\\[["']${name}["']\\]|["']--${name}["']`);
  if (quoted.test(text)) return true;
  if (name.includes("-")) return false;
  const member = new RegExp(`[\\w)\\]]\\??\\.${name}\\b`);
  const taken = new RegExp(
    `(const|let) \\{[^}]*\\b${name}\\b[^}]*\\} = |\\(\\{[^}]*\\b${name}\\b[^}]*\\}[^)]*\\)|\\{[^{}]*\\b${name}\\b[^{}]*\\}: `,
  );
  return member.test(text) || taken.test(text);
}

/** A file of src/commands and all that it imports there, types or not. */
function reachable(start: string): ReadonlySet<string> {
  const files = new Set([start]);
  for (const file of files) {
    for (const [, from, dynamic] of textOf(file).matchAll(/from "(\.[^"]+\.ts)"|import\("(\.[^"]+\.ts)"\)/g)) {
      const other = path.join(path.dirname(file), from ?? dynamic ?? "");
      if (other.startsWith(commands)) files.add(other);
    }
  }
  return files;
}

/** The file that a verb is defined in, as verbs.ts has it. */
function fileOf(command: string): string {
  const text = textOf(path.join(commands, "verbs.ts"));
  const [, file = ""] = new RegExp(`verb\\("${command}",[^)]*\\) => import\\("([^"]+)"\\)`, "s").exec(text) ?? [];
  if (file === "") throw new Error(`verbs.ts has no verb ${command}`);
  return path.join(commands, file);
}

function textOf(file: string): string {
  return readFileSync(file, "utf8");
}
